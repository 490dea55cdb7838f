/**
 * `holdfast status`: whether the hub runs and how it does. Exit code 0 when it takes requests, 1 when not.
 */
import type { Command } from "commander"
import type { HubStatus } from "../../src/gateway/protocol.ts"
import { headersOf, NoHub, readRunFile } from "../run-file.ts"

export const register = (program: Command): void => {
  program
    .command("status")
    .description("whether the hub runs, and how it does")
    .action(async () => {
      process.exitCode = await show()
    })
}

const show = async (): Promise<number> => {
  try {
    const run = readRunFile()
    const ready = await fetch(`${run.hub}/readyz`)
    const status = (await (await fetch(`${run.hub}/v1/status`, { headers: headersOf(run) })).json()) as HubStatus
    process.stdout.write(`${statusText(run.hub, ready.ok, status)}\n`)
    return ready.ok ? 0 : 1
  } catch (error) {
    process.stdout.write(error instanceof NoHub ? `down: ${error.message}\n` : "down: the hub does not answer\n")
    return 1
  }
}

const statusText = (url: string, isReady: boolean, status: HubStatus): string => {
  const ms = (value: number) => `${value.toFixed(2)} ms`
  const rows: ReadonlyArray<readonly [string, string]> = [
    ["hub", `${url} ${isReady ? "ready" : "not ready"}`],
    ["access", status.access === "open" ? "open to every program on this machine" : "required"],
    ["since", status.startedAt],
    ["SKUs", `${status.skus} (${status.lowStock} low)`],
    ["open holds", String(status.openHolds)],
    [
      "commands",
      `${status.commandsPerSecond}/s, answered in ${ms(status.answerMs.p50)} (p99 ${ms(status.answerMs.p99)})`
    ],
    ["journal", `${ms(status.appendMs.p50)} an append (p99 ${ms(status.appendMs.p99)})`],
    ["sockets", String(status.sockets)],
    ["incidents", String(status.oversellIncidents)],
    ...status.projections.map(
      ({ name, lagEvents, lagSeconds }) => [name, `${lagEvents} records behind (${lagSeconds.toFixed(1)} s)`] as const
    )
  ]
  return rows.map(([name, value]) => `${name.padEnd(16)} ${value}`).join("\n")
}
