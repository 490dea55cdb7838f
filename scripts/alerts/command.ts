/**
 * `holdfast alerts test`: sends a test alert through every sink that is configured and says what each answered.
 *
 * Exit codes: 0 all took it, 1 one did not, 2 none is configured or one is half configured.
 */
import { randomUUID } from "node:crypto"
import type { Command } from "commander"
import type { Alert } from "../../actors/alert/alert.ts"
import { readAlertSinks } from "../../config/alerts.ts"
import { sinksOf } from "../../src/alerts/sinks/sinks.ts"

export const register = (program: Command): void => {
  program
    .command("alerts")
    .description("where alerts go")
    .command("test")
    .description("send a test alert, raised and cleared, through every sink that is configured")
    .action(async () => {
      process.exitCode = await test()
    })
}

const PATIENCE_MS = 15_000

const testAlert = (id: string, state: Alert["state"]): Alert => ({
  id: `test:${id}:${state}`,
  kind: "channel",
  state,
  episode: `test:${id}`,
  subject: "test",
  severity: "info",
  summary: state === "raised" ? "This is a test; nothing is wrong." : "The test is over.",
  details: { test: id },
  at: new Date().toISOString()
})

const test = async (): Promise<number> => {
  let sinks: ReturnType<typeof sinksOf>
  try {
    sinks = sinksOf(readAlertSinks(process.env))
  } catch (error) {
    process.stderr.write(`holdfast alerts: ${error instanceof Error ? error.message : String(error)}\n`)
    return 2
  }
  if (sinks.length === 0) {
    process.stderr.write("holdfast alerts: nothing is configured; the README names the variables.\n")
    return 2
  }
  const id = randomUUID()
  let failed = 0
  for (const sink of sinks) {
    for (const state of ["raised", "cleared"] as const) {
      const delivery = { type: "one", alert: testAlert(id, state) } as const
      const delivered = await sink.deliver(delivery, AbortSignal.timeout(PATIENCE_MS))
      if (!delivered.ok) failed++
      process.stdout.write(`${sink.name} ${state}: ${delivered.ok ? "taken" : delivered.message}\n`)
    }
    sink.close?.()
  }
  return failed === 0 ? 0 : 1
}
