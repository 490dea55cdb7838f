/**
 * The port of everything that carries a message to a customer, and what comes back from there.
 *
 * Who decides that a message is to go, and writes it down first, is the recovery's; here it is only carried. A message has
 * an attempt id that travels with it, so that what comes back can be told apart:
 *
 *   intended (journaled) -> send -> receipt (journaled)       the usual way
 *   intended (journaled) -> send -> killed -> findSent        was it sent? only when it certainly was not: send again
 *
 * O1 `send` calls a carrier again only when the carrier certainly did nothing; when that is not certain it looks, and then
 *    fails as `unknown`.
 * O2 `findSent` answers `undefined` only when the message certainly did not go: before its grace time is over it fails.
 * O3 What fails has a message for the operator, without an address, a name or a secret.
 */
import { type Effect, Schema } from "effect"
import type { DeliveryState } from "../../actors/outreach/delivery.ts"
import type { MessageCost } from "../../actors/recovery/events.ts"

export const OUTREACH_CHANNELS = ["sms", "whatsapp", "messenger", "email", "web-chat"] as const
export type OutreachChannel = (typeof OUTREACH_CHANNELS)[number]

export interface OutboundMessage {
  /** 1-64 of `[A-Za-z0-9_-]`, never used twice: it stands in addresses and headers. */
  readonly attemptId: string
  /** The hub's own id; no address can be told from it. At most 128 characters. */
  readonly customerId: string
  readonly channel: OutreachChannel
  /** A number in E.164, the customer's id at Messenger or in the chat, or an e-mail address. */
  readonly to: string
  /** What is said, with the link in it. */
  readonly text: string
  /** Stands in the text and in no other attempt's: how a message is known again. */
  readonly link?: string
  /** E-mail only. */
  readonly subject?: string
  readonly html?: string
  /** Said instead of the text where only what was approved before may be said. */
  readonly template?: { readonly name: string; readonly variables: Readonly<Record<string, string>> }
  /** When the customer last wrote on this channel. */
  readonly lastInboundAtMs?: number
  /** When it was decided: what was sent before is another message. */
  readonly intendedAtMs: number
}

export interface SendReceipt {
  /** The carrier's own: `SM...`, a mid, a Message-ID. */
  readonly messageId: string
  readonly attemptId: string
  readonly channel: OutreachChannel
  readonly state: DeliveryState
  readonly segments?: number
  readonly cost?: MessageCost
  /** It cannot be known, and is taken to have gone: an e-mail whose outcome was lost. */
  readonly isAssumed?: true
}

export const FAILURE_CLASSES = ["permanent", "refused", "throttled", "temporary", "unknown"] as const

/**
 * - `permanent`: nothing will ever reach this address; suppress it.
 * - `refused`: never this message, by this channel; the address may take another.
 * - `throttled`: too many; `retryAfterMs` says when.
 * - `temporary`: certainly not sent; later it may be.
 * - `unknown`: it may have been sent; ask `findSent` after `retryAfterMs`.
 */
export type FailureClass = (typeof FAILURE_CLASSES)[number]

export class SendFailed extends Schema.TaggedError<SendFailed>()("SendFailed", {
  class: Schema.Literals(FAILURE_CLASSES),
  /** The carrier's code, or a word of ours. */
  code: Schema.String,
  message: Schema.String,
  retryAfterMs: Schema.optionalKey(Schema.Int)
}) {}

/** One way to customers, as an account somewhere. */
export interface Carrier {
  /** As configured: it stands in the addresses of its webhooks. */
  readonly name: string
  readonly channels: ReadonlyArray<OutreachChannel>
  /** One call, and no other: who wants more patience wraps it. */
  readonly send: (message: OutboundMessage) => Effect.Effect<SendReceipt, SendFailed>
  /** Whether `look` can tell that a message is not there. */
  readonly canLookUp: boolean
  /** Looks once, without grace: `undefined` is "not to be seen now". */
  readonly look: (message: OutboundMessage) => Effect.Effect<SendReceipt | undefined, SendFailed>
  /** What a message has cost, once the carrier knows; absent where it never tells. */
  readonly account?: (messageId: string) => Effect.Effect<Partial<SendReceipt>, SendFailed>
  /** What comes in at `/v1/outreach/<name>/<what>`. */
  readonly receive: (what: Incoming, request: IncomingRequest) => Received
  readonly close?: () => void
}

/** What a carrier is made of. */
export interface CarrierContext {
  readonly name: string
  readonly settings: unknown
  /** Where the world reaches this hub, without a slash at the end. */
  readonly publicUrl: string
  readonly nowMs: () => number
  /** Past this a call is taken to be lost. */
  readonly callMsMax?: number
}

export type Incoming = "inbound" | "status" | "unsubscribe"

export interface IncomingRequest {
  readonly method: "get" | "post"
  readonly path: string
  /** As it came, without the question mark: signatures are over these characters. */
  readonly search: string
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
  readonly receivedAtMs: number
}

/** What a carrier is answered. `facts` are to be kept before the answer goes. */
export type Received =
  | { readonly type: "facts"; readonly facts: ReadonlyArray<OutreachFact>; readonly answer: Answer }
  /** Nothing happened: a handshake, a page. */
  | { readonly type: "answer"; readonly answer: Answer }
  | { readonly type: "refused"; readonly status: 400 | 401 | 403 | 404 | 405; readonly message: string }

export interface Answer {
  readonly contentType: string
  readonly body: string
}

/** What happened at a carrier. `id` is the same each time it is told: it is the mutation id of what follows from it. */
export type OutreachFact =
  | {
      readonly kind: "reply"
      readonly id: string
      readonly carrier: string
      readonly channel: OutreachChannel
      readonly messageId: string
      readonly from: string
      readonly text: string
      /** Pictures and the like that came with it; they are not fetched. */
      readonly mediaCount: number
      /** The carrier has already seen to it, as Twilio does with STOP. */
      readonly optOut?: "stop" | "start" | "help"
      readonly atMs: number
    }
  | {
      readonly kind: "status"
      readonly id: string
      readonly carrier: string
      readonly channel: OutreachChannel
      readonly messageId: string
      readonly attemptId?: string
      /** The customer's address, where the carrier says it. */
      readonly to?: string
      readonly state: DeliveryState
      readonly failure?: { readonly class: FailureClass; readonly code: string }
      readonly segments?: number
      readonly cost?: MessageCost
      readonly atMs: number
    }
  | {
      readonly kind: "unsubscribed"
      readonly id: string
      readonly carrier: string
      readonly channel: "email"
      readonly customerId: string
      readonly attemptId: string
      readonly atMs: number
    }

export interface Outreach {
  /** `mayGo` is asked in the moment before every call; no fails as `refused` with the code `withdrawn`. */
  readonly send: (message: OutboundMessage, mayGo?: () => boolean) => Effect.Effect<SendReceipt, SendFailed>
  /** For who waits out a grace time of their own: one look, where one can look at all. */
  readonly look: (message: OutboundMessage) => Effect.Effect<SendReceipt | undefined, SendFailed>
  readonly canLookUp: (channel: OutreachChannel) => boolean
  /** `calledByMs`: no call of it was made later; when it was intended, if it was called at once. */
  readonly findSent: (
    message: OutboundMessage,
    calledByMs?: number
  ) => Effect.Effect<SendReceipt | undefined, SendFailed>
  /** What it has cost and how many segments it had, as far as the carrier says. */
  readonly account: (channel: OutreachChannel, messageId: string) => Effect.Effect<Partial<SendReceipt>, SendFailed>
  /** Channels that have a carrier. */
  readonly channels: ReadonlyArray<OutreachChannel>
}
