/**
 * What the hub and its projector thread say to each other.
 */
import type { AlertSinks } from "../../config/alerts.ts"
import type { LiveSettings } from "../live-settings.ts"
import type { RegisterPage } from "../../streams/projections/register.ts"
import type { HandedCommits } from "./handed.ts"

export interface ThreadSettings {
  readonly natsUrl: string
  readonly redisUrl: string
  readonly postgresUrl: string
  readonly alerts: AlertSinks
}

/** What a thread is given when it starts. */
export interface StartedThread extends ThreadSettings {
  readonly live: LiveSettings
  /** Of the hub's `Busy`. */
  readonly busy: SharedArrayBuffer
}

export const KINDS = ["stock", "cart", "customer"] as const
export type KindName = (typeof KINDS)[number]

export interface KindHead {
  readonly kind: KindName
  readonly sequence: number
  readonly commits?: HandedCommits
}

export type ToThread =
  /** How far the journals reach, and what has come since it was said before, where it is not too much. */
  | { readonly type: "heads"; readonly heads: ReadonlyArray<KindHead> }
  /** Somebody waits for a kind's projections to reach so far. */
  | { readonly type: "hurry"; readonly kind: KindName; readonly sequence: number }
  | { readonly type: "page"; readonly page: RegisterPage }
  /** The hub takes no turns now: ask again. */
  | { readonly type: "no-page" }
  | { readonly type: "stop" }

export type FromThread =
  | { readonly type: "applied"; readonly name: string; readonly sequence: number; readonly at: number }
  /** Asks for a page of all SKUs; one at a time. */
  | { readonly type: "ask-page"; readonly page: number }
