/**
 * From a decoded message to mail for the host, whichever way it came: HTTP, socket, NATS.
 */
import type { LinesCommand, SkuCommand } from "../../actors/sku/commands.ts"
import { fingerprint, linesFingerprint } from "../../actors/sku/fingerprint.ts"
import type { StockBook } from "../../actors/stock/book.ts"
import { stateAnswer } from "../host/answers.ts"
import type { BoundTo, Mail, Staging } from "../host/mail.ts"
import { traced } from "../tracing/tracing.ts"
import { decodeFact, decodeLines, decodeRequest, wrongSku } from "./decode.ts"
import type { Answer, Refusal } from "./protocol.ts"

export interface MailTaker {
  readonly submit: (mail: Mail) => void
}

export type Reply = (answer: Answer) => void

/** `receivedAtMs` is `performance.now()` when the message came in. */
export interface Received {
  readonly body: unknown
  readonly receivedAtMs: number
  /** Where the sender's trace is. */
  readonly traceparent?: string | undefined
  readonly channels?: BoundTo
}

/** What is known of a request beside what it says. */
export type Sent = Omit<Received, "body">

export const submitRequest = (host: MailTaker, sku: string | undefined, received: Received, reply: Reply): void => {
  const wrong = wrongSku(sku)
  if (wrong !== undefined || sku === undefined) return reply(wrong as Refusal)
  const decoded = decodeRequest(sku, received.body)
  if (!decoded.ok) return reply(decoded.refusal)
  const command = decoded.value
  if (command.type === "read") return submitRead(host, sku, command.locations, reply)
  submitCommand(host, command, received, traced("stock.request", command, received, reply))
}

export const submitCommand = (
  host: MailTaker,
  command: SkuCommand,
  { channels, receivedAtMs }: Sent,
  reply: Reply,
  staging?: Staging
): void => {
  const hash = fingerprint(command)
  host.submit({ kind: "command", command, hash, factSequence: 0, receivedAtMs, reply, staging, channels })
}

export const submitRead = (host: MailTaker, sku: string, withLocations: boolean, reply: Reply): void => {
  let answer: Answer = unknownSku(sku)
  host.submit({
    kind: "view",
    view: (book: StockBook) => {
      const state = book.find(sku)
      if (state !== undefined) answer = stateAnswer(state, withLocations)
    },
    reply: (failure) => reply(failure ?? answer)
  })
}

const unknownSku = (sku: string): Refusal => ({
  ok: false,
  code: "unknown_sku",
  message: `No SKU ${sku} is known; a fact (a receipt, a count) or a configure makes it known.`,
  sku
})

export const submitLines = (host: MailTaker, received: Received, reply: Reply): void => {
  const decoded = decodeLines(received.body)
  if (!decoded.ok) return reply(decoded.refusal)
  submitLinesCommand(host, decoded.value, received, traced("stock.lines", decoded.value, received, reply))
}

export const submitLinesCommand = (
  host: MailTaker,
  command: LinesCommand,
  { channels, receivedAtMs }: Sent,
  reply: Reply,
  staging?: Staging
): void => {
  host.submit({ kind: "lines", command, hash: linesFingerprint(command), receivedAtMs, reply, staging, channels })
}

export const submitFact = (host: MailTaker, sku: string, received: Received, reply: Reply): void => {
  const decoded = decodeFact(sku, received.body)
  if (!decoded.ok) return reply(decoded.refusal)
  submitCommand(host, decoded.value, received, traced("stock.fact", decoded.value, received, reply))
}

/** Runs `look` between two commands; `done` gets its result once everything it saw is in the journal. */
export const submitView = <A>(
  host: MailTaker,
  look: (book: StockBook) => A,
  done: (outcome: { readonly value: A } | { readonly failure: Answer }) => void
): void => {
  let seen: { readonly value: A } | undefined
  host.submit({
    kind: "view",
    view: (book) => {
      seen = { value: look(book) }
    },
    reply: (failure) => done(seen !== undefined && failure === undefined ? seen : { failure: failure as Answer })
  })
}
