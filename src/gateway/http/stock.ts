/**
 * The stock's HTTP part of the contract: facts, requests, reads, and the one-call sync for channels that know no more.
 */
import { ownOnly } from "../../../actors/access/may.ts"
import { fingerprint } from "../../../actors/sku/fingerprint.ts"
import { DEFAULT_LOCATION, type Fact } from "../../../actors/sku/commands.ts"
import { isStockEvent } from "../../../actors/sku/events.ts"
import type { StockBook } from "../../../actors/stock/book.ts"
import * as Limits from "../../../config/limits.ts"
import { stateView } from "../../host/answers.ts"
import type { StoredCommit } from "../../../streams/codec.ts"
import { invalid, wrongSku } from "../decode.ts"
import { Page } from "../openapi/queries.ts"
import { Sync } from "../openapi/stock-bodies.ts"
import { readQuery } from "../read-query.ts"
import type { Answer, Refusal, SkuAnswer, StockPage } from "../protocol.ts"
import {
  type MailTaker,
  submitFact,
  type Received,
  submitLines,
  submitRead,
  submitRequest,
  submitView
} from "../requests.ts"
import type { AskedRequest, Request, Response } from "../serving.ts"
import { TRACEPARENT } from "../../tracing/traceparent.ts"
import { bodyOf, readBody, tooLarge } from "./read-body.ts"
import { answered, json, refused } from "./replies.ts"
import { SkuIndex } from "./sku-index.ts"

export type Respond = (response: Response) => void

export const receivedOf = ({ headers, principal, receivedAtMs }: AskedRequest, body: unknown): Received => ({
  body,
  receivedAtMs,
  traceparent: headers[TRACEPARENT],
  channels: principal.channels
})

export const postRequest = (
  host: MailTaker,
  sku: string | undefined,
  request: AskedRequest,
  respond: Respond
): void => {
  const body = bodyOf(request, Limits.MESSAGE_BYTES_MAX, respond)
  if (body === undefined) return
  const received = receivedOf(request, body.value)
  submitRequest(host, sku, received, (answer) => respond(answered(answer)))
}

export const postLines = (host: MailTaker, request: AskedRequest, respond: Respond): void => {
  const body = bodyOf(request, Limits.MESSAGE_BYTES_MAX, respond)
  if (body === undefined) return
  submitLines(host, receivedOf(request, body.value), (answer) => respond(answered(answer)))
}

interface RejectedFact {
  readonly index: number
  readonly code: string
  readonly message: string
  readonly path?: string
}

export const postFacts = (host: MailTaker, sku: string | undefined, request: AskedRequest, respond: Respond): void => {
  const wrong = wrongSku(sku)
  if (wrong !== undefined || sku === undefined) return respond(refused(wrong as Refusal))
  takeFacts(request, respond, (received, reply) => submitFact(host, sku, received, reply))
}

type FactAnswer = { readonly ok: true } | FactRefusal
type FactRefusal = Omit<Refusal, "code"> & { readonly code: string }
type SubmitFact = (received: Received, reply: (answer: FactAnswer) => void) => void

/** One fact or an array; each is judged alone, and the response goes out when the accepted ones are in the journal. */
export const takeFacts = (request: AskedRequest, respond: Respond, submit: SubmitFact): void => {
  const body = bodyOf(request, Limits.FRAME_BYTES_MAX, respond)
  if (body === undefined) return
  const isArray = Array.isArray(body.value)
  if (!isArray && (request.body?.byteLength ?? 0) > Limits.MESSAGE_BYTES_MAX) return respond(tooLarge)
  const facts = (isArray ? body.value : [body.value]) as ReadonlyArray<unknown>
  const wrong = wrongCount(facts)
  if (wrong !== undefined) return respond(refused(wrong))
  const received = facts.map((fact) => receivedOf(request, fact))
  takeEach(received, submit, (taken) => respond(factsResponse(taken)))
}

export const wrongCount = ({ length }: ReadonlyArray<unknown>): Refusal | undefined =>
  length === 0 || length > Limits.FRAME_MESSAGES_MAX
    ? invalid(`Send 1 to ${Limits.FRAME_MESSAGES_MAX} facts.`)
    : undefined

const factsResponse = (taken: FactsTaken): Response => {
  if (taken.ok) return json(202, { accepted: taken.accepted, rejected: taken.rejected })
  const isTransient = taken.code === "overloaded" || taken.code === "unavailable"
  // When the hub is at fault the status says so, and the client may send the same array again.
  return isTransient ? refused(taken as Refusal) : json(400, taken)
}

interface Judged {
  readonly accepted: number
  readonly rejected: ReadonlyArray<RejectedFact>
}

/** Refused when none was accepted, as the first one was. */
export type FactsTaken = Judged & ({ readonly ok: true } | FactRefusal)

/** Each is judged alone; `done` hears of it when the accepted ones are in the journal. */
export const takeEach = (
  facts: ReadonlyArray<Received>,
  submit: SubmitFact,
  done: (taken: FactsTaken) => void
): void => {
  const refusals = new Map<number, FactRefusal>()
  let open = facts.length
  for (const [index, fact] of facts.entries()) {
    submit(fact, (answer) => {
      if (!answer.ok) refusals.set(index, answer)
      if (--open === 0) done(takenOf(facts.length, refusals))
    })
  }
}

const takenOf = (count: number, refusals: ReadonlyMap<number, FactRefusal>): FactsTaken => {
  const rejected: Array<RejectedFact> = []
  for (const [index, { code, message, path }] of [...refusals].toSorted(([a], [b]) => a - b)) {
    rejected.push({ index, code, message, ...(path === undefined ? {} : { path }) })
  }
  const accepted = count - refusals.size
  const [first] = refusals.values()
  return { ...(accepted > 0 || first === undefined ? { ok: true } : first), accepted, rejected }
}

export const getSku = (host: MailTaker, sku: string | undefined, respond: Respond): void => {
  const wrong = wrongSku(sku)
  if (wrong !== undefined || sku === undefined) return respond(refused(wrong as Refusal))
  submitRead(host, sku, true, (answer) => respond(answered(answer)))
}

export interface StockPageAsked {
  /** Only SKUs whose names begin so; "": all. */
  readonly below?: string
  readonly after: string
  readonly limit: number
  readonly withLocations: boolean
}

/** Pages in the order of the SKUs' UTF-16 code units. */
export class StockPages {
  private readonly host: MailTaker
  private readonly index: SkuIndex

  /** `known`: the SKUs of this moment; later ones are told to `onCommits`. */
  constructor(host: MailTaker, known: Iterable<string>) {
    this.host = host
    this.index = new SkuIndex(known)
  }

  onCommits(commits: ReadonlyArray<StoredCommit>): void {
    for (const commit of commits) {
      for (const record of commit.records) if (isStockEvent(record) && record.version === 1) this.index.add(record.sku)
    }
  }

  get(request: AskedRequest, respond: Respond): void {
    const asked = readQuery(Page, request.query)
    if (!asked.ok) return respond(refused(asked.refusal))
    const { after = "", limit = Limits.PAGE_LIMIT_DEFAULT } = asked.value
    const below = ownOnly(request.principal)
    this.read({ after, below, limit, withLocations: false }, (outcome) =>
      respond("value" in outcome ? json(200, outcome.value) : answered(outcome.failure))
    )
  }

  /** `limit` from 1 to `PAGE_LIMIT_MAX`. */
  read(
    asked: StockPageAsked,
    done: (outcome: { readonly value: StockPage } | { readonly failure: Answer }) => void
  ): void {
    submitView(this.host, (book) => this.page(book, asked), done)
  }

  private page(book: StockBook, { after, below = "", limit, withLocations }: StockPageAsked): StockPage {
    // No SKU is called as the prefix itself: a tenant's are longer.
    const found = this.index.after(after < below ? below : after, limit + 1)
    const skus = below === "" ? found : found.filter((sku) => sku.startsWith(below))
    const items = skus.slice(0, limit).flatMap((sku) => {
      const state = book.peek(sku)
      return state === undefined ? [] : [stateView(state, withLocations)]
    })
    const last = skus[limit - 1]
    return skus.length > limit && last !== undefined ? { items, next: last } : { items }
  }
}

export interface SyncServices {
  readonly host: MailTaker
  /** For a call that names no mutation id of its own. */
  readonly newId: () => string
  readonly now: () => Date
  /** The channels that show this version of the SKU, asked once for a moment. */
  readonly channelsShowing: (sku: string, version: number) => Promise<ReadonlyArray<string>>
}

/** `POST /api/inventory/sync-stock`: applies the change, compares the total, and says truthfully who was told. */
export const postSync = (services: SyncServices, request: Request, respond: Respond): void => {
  const asked = readBody(request, Sync, respond)
  if (asked === undefined) return
  const sync = syncOf(asked, services.newId)
  const done = (answer: Answer): void => {
    if (!answer.ok) return respond(answered(answer))
    const { sku, version } = answer as SkuAnswer
    const latencyMs = () => performance.now() - request.receivedAtMs
    const told = (channels: ReadonlyArray<string>) =>
      respond(
        json(200, syncResponse(sync, answer as SkuAnswer, { latencyMs: latencyMs(), now: services.now(), channels }))
      )
    void services.channelsShowing(sku, version).then(told)
  }
  if (sync.fact === undefined) return submitRead(services.host, sync.sku, false, done)
  services.host.submit({
    kind: "command",
    command: sync.fact,
    hash: fingerprint(sync.fact),
    factSequence: 0,
    receivedAtMs: request.receivedAtMs,
    reply: done
  })
}

interface Synced {
  readonly sku: string
  /** Absent for a change of 0, which only compares. */
  readonly fact: Fact | undefined
  readonly reportedTotal: number
}

const syncOf = (
  { locationId = DEFAULT_LOCATION, mutationId, newTotalStock, quantityChange, sku }: typeof Sync.Type,
  newId: () => string
): Synced => {
  const reportedTotal = newTotalStock
  if (quantityChange === 0) return { sku, fact: undefined, reportedTotal }
  const fact: Fact = {
    type: "adjustment",
    sku,
    mutationId: mutationId ?? newId(),
    quantity: quantityChange,
    locationId,
    reason: "sync-stock"
  }
  return { sku, fact, reportedTotal }
}

interface Broadcast {
  readonly latencyMs: number
  readonly now: Date
  readonly channels: ReadonlyArray<string>
}

const syncResponse = (sync: Synced, answer: SkuAnswer, { latencyMs, now, channels }: Broadcast) => ({
  sku: sync.sku,
  synchronized: true,
  broadcast_latency_ms: Math.round(latencyMs * 1_000) / 1_000,
  updated_channels: channels,
  new_master_stock: answer.physical,
  timestamp: now.toISOString(),
  version: answer.version,
  ...(sync.reportedTotal === answer.physical
    ? {}
    : {
        drift: {
          reported: sync.reportedTotal,
          master: answer.physical,
          difference: sync.reportedTotal - answer.physical
        }
      })
})
