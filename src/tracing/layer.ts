/**
 * Exports spans by OTLP over HTTP where `OTEL_EXPORTER_OTLP_ENDPOINT` says so: in the hub and in its channels' thread, each with
 * an exporter of its own. Without it nothing is made here.
 */
import { Context, Effect, Layer, Tracer } from "effect"
import { FetchHttpClient } from "effect/http"
import { OtlpSerialization, OtlpTracer } from "effect/observability"
import { percentDecoded } from "../../config/address.ts"
import { liveSettings } from "../live-settings.ts"
import { install, Tracing } from "./tracing.ts"

export interface TracingSettings {
  /** `undefined`: nothing is exported. */
  readonly endpoint: string | undefined
  /** `name=value` with commas between, as OpenTelemetry has it. */
  readonly headers: string | undefined
  readonly everyMs: number
}

const headersIn = (text: string): Record<string, string> =>
  Object.fromEntries(
    text.split(",").flatMap((pair) => {
      const at = pair.indexOf("=")
      return at > 0 ? [[pair.slice(0, at).trim(), percentDecoded(pair.slice(at + 1).trim())]] : []
    })
  )

/** Traces until the scope ends; what is left is sent then. */
export const traced = Effect.fnUntraced(function* ({ endpoint, headers, everyMs }: TracingSettings) {
  if (endpoint === undefined) return
  const exporting = OtlpTracer.layer({
    url: `${endpoint.replace(/\/+$/, "")}/v1/traces`,
    resource: { serviceName: "holdfast" },
    exportInterval: everyMs,
    ...(headers === undefined ? {} : { headers: headersIn(headers) })
  }).pipe(Layer.provide(OtlpSerialization.layerJson), Layer.provide(FetchHttpClient.layer))
  const context = yield* Layer.build(exporting)
  const tracer = Context.get(context, Tracer.Tracer)
  yield* Effect.acquireRelease(
    Effect.sync(() => install(new Tracing({ tracer, ratio: () => liveSettings().tracesRatio, random: Math.random }))),
    () => Effect.sync(() => install(undefined))
  )
})
