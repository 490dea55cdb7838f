/**
 * The recovery's settings as they go over HTTP, as types: the page shares this file with the hub.
 */
import type { Channel, Form } from "../../actors/recovery/channel.ts"
import type { Fault } from "../../actors/recovery/sequence.ts"
import type { RecoverySettings } from "../../actors/recovery/settings.ts"

/** Without the settings themselves. */
export interface VersionLine {
  readonly version: number
  /** ISO 8601; absent for version 0, which nobody has saved. */
  readonly at?: string
  readonly by: string
  readonly note?: string
}

/** `GET /v1/recovery/settings`. */
export interface SettingsView extends VersionLine {
  readonly ok: true
  /** Whether it is the newest. */
  readonly isCurrent: boolean
  readonly settings: RecoverySettings
}

/** `GET /v1/recovery/settings/versions`: the newest first. `next`: the `before` of the page that follows. */
export interface VersionsPage {
  readonly items: ReadonlyArray<VersionLine>
  readonly next?: number
}

/**
 * What a message costs: by the `segment` (texts), by the `template` (WhatsApp outside of a conversation), within a
 * `conversation` that is open, by the `mail`, or nothing.
 */
export type CostClass = "segment" | "template" | "conversation" | "mail" | "none"

export interface PreviewMessage {
  readonly channel: Channel
  readonly form: Form
  /** Absent where the carrier's own template is taken. */
  readonly text?: string
  readonly subject?: string
  readonly template?: { readonly name: string; readonly variables: Readonly<Record<string, string>> }
  readonly characters?: number
  /** Of a text. */
  readonly segments?: number
  readonly alphabet?: "GSM" | "UCS-2"
  readonly costClass: CostClass
}

export interface PreviewStep {
  readonly step: number
  readonly delayMs: number
  readonly template: string
  readonly mayOffer: boolean
  /** What the messages are shown with; absent: none may go with them. */
  readonly example?: { readonly offerKey: string; readonly code: string }
  readonly messages: ReadonlyArray<PreviewMessage>
}

/** The answer to `POST /v1/recovery/preview`. */
export interface Preview {
  readonly ok: true
  /** What is wrong with the settings that were sent; with any, they would not be taken. */
  readonly faults: ReadonlyArray<Fault>
  /** The sequence that such a cart gets; absent: none. */
  readonly sequenceId?: string
  readonly steps: ReadonlyArray<PreviewStep>
}
