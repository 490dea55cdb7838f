/**
 * The log: one JSON object a line on standard error; standard output is for what programs read.
 */
import { Layer, Logger, LogLevel, References } from "effect"
import { liveSettings } from "./live-settings.ts"
import { readTraceparent } from "./tracing/traceparent.ts"
import { placeOfCall, PlaceOfEffect } from "./tracing/traced-call.ts"

/** What is to be logged may change while the hub runs: so everything comes here, and the least is looked at here. */
const everything = Layer.succeed(References.MinimumLogLevel, "All")

/** The configuration's levels as the library orders them. */
const least = { debug: "Debug", info: "Info", warn: "Warn", error: "Error" } as const

const json = Logger.layer([
  Logger.make(({ date, fiber, logLevel, message }) => {
    if (LogLevel.isLessThan(logLevel, least[liveSettings().logLevel])) return
    const text = Array.isArray(message) ? message.join(" ") : String(message)
    const traceId = readTraceparent(fiber.getRef(PlaceOfEffect) ?? placeOfCall())?.traceId
    const line = {
      at: date.toISOString(),
      level: logLevel,
      message: text,
      ...(traceId === undefined ? {} : { traceId })
    }
    process.stderr.write(`${JSON.stringify(line)}\n`)
  })
])

export const logging = Layer.mergeAll(json, everything)
