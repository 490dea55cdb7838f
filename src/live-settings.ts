/**
 * Settings that change while the hub runs, as they are now: looked at each time they are needed. The hub's threads hear of a change
 * from it; a thread that starts is given them as they are.
 */
import { BroadcastChannel } from "node:worker_threads"
import type { HubConfig } from "../config/config.ts"

export interface LiveSettings {
  readonly logLevel: HubConfig["logLevel"]
  readonly tracesRatio: number
  /** 0: none while the hub is open, else `REQUESTS_PER_SECOND_DEFAULT`. */
  readonly requestsPerSecondMax: number
  /** Pages of other origins that may call with a key or token. */
  readonly corsOrigins: ReadonlySet<string>
  readonly proxiesTrusted: number
}

let live: LiveSettings = {
  logLevel: "info",
  tracesRatio: 0,
  requestsPerSecondMax: 0,
  corsOrigins: new Set(),
  proxiesTrusted: 0
}

const threads = new BroadcastChannel("holdfast/src/live-settings")
threads.addEventListener("message", (message) => {
  live = (message as unknown as { readonly data: LiveSettings }).data
})
threads.unref()

export const liveSettings = (): LiveSettings => live

/** In this thread: what it was given when it started. */
export const takeLiveSettings = (given: LiveSettings): void => {
  live = given
}

/** In all of them. */
export const setLiveSettings = (next: LiveSettings): void => {
  live = next
  threads.postMessage(next)
}
