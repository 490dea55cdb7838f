/**
 * What the hub and its channels thread say to each other.
 */
import type { ChannelConfig } from "../../config/channels.ts"
import type { LiveSettings } from "../live-settings.ts"
import type { TracingSettings } from "../tracing/layer.ts"
import type { Change } from "./channel.ts"

export interface ThreadSettings {
  readonly natsUrl: string
  readonly channels: ReadonlyArray<ChannelConfig>
  readonly tracing: TracingSettings
}

/** What a thread is given when it starts. */
export interface StartedThread extends ThreadSettings {
  readonly live: LiveSettings
}

/** A question from an operator, a marketplace or a page. */
export type Question =
  | {
      readonly op: "webhook"
      readonly channel: string
      readonly topic: string
      readonly headers: Readonly<Record<string, string>>
      readonly body: Uint8Array
    }
  | { readonly op: "metrics" }
  | { readonly op: "shows"; readonly sku: string; readonly version: number; readonly patienceMs: number }
  | { readonly op: "channels" }
  | { readonly op: "listed"; readonly sku: string }
  | { readonly op: "listings"; readonly channel: string; readonly after: string; readonly limit: number }
  | { readonly op: "unmapped"; readonly channel: string; readonly after: string; readonly limit: number }
  | { readonly op: "held"; readonly channel: string; readonly after: string; readonly limit: number }
  | { readonly op: "letters"; readonly channel: string; readonly after: string; readonly limit: number }
  | { readonly op: "map"; readonly channel: string; readonly body: unknown }
  | { readonly op: "adopt"; readonly channel: string; readonly body: unknown }
  | { readonly op: "ship"; readonly channel: string; readonly body: unknown }
  | { readonly op: "redrive"; readonly channel: string; readonly body: unknown }
  | { readonly op: "discard"; readonly channel: string; readonly body: unknown }
  | { readonly op: "reconcile"; readonly channel: string; readonly body: unknown }
  | { readonly op: "resume"; readonly channel: string }

export interface Reply {
  readonly status: number
  readonly body: unknown
}

export type ToThread =
  | { readonly type: "changes"; readonly changes: ReadonlyArray<Change> }
  | { readonly type: "stock"; readonly id: number; readonly changes: ReadonlyArray<Change> }
  | { readonly type: "question"; readonly id: number; readonly question: Question }
  | { readonly type: "stop" }

export type FromThread =
  /** Every channel has read its log and works. */
  | { readonly type: "ready" }
  /** The settings do not do; it will not start. */
  | { readonly type: "wrong"; readonly message: string }
  /** A batch of changes is taken in: the next may come. */
  | { readonly type: "took" }
  | { readonly type: "ask-stock"; readonly id: number; readonly skus: ReadonlyArray<string> }
  | { readonly type: "reply"; readonly id: number; readonly reply: Reply }
