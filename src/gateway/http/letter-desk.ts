/**
 * Dead letters as work: the list of them with what was done about each, one tried again as it came or mended, many as they
 * came, one let be.
 *
 * What is tried again may be done twice; so when the hub dies before it has noted that, the letter is open still, and trying
 * again changes nothing.
 */
import { Effect, Result } from "effect"
import { PAGE_LIMIT_DEFAULT } from "../../../config/limits.ts"
import type { DeadLettersShape, StoredDeadLetter } from "../../../streams/dead-letters.ts"
import type { Desk } from "../../../streams/desk.ts"
import { letterDeskSubject } from "../../../streams/subjects.ts"
import { invalid } from "../decode.ts"
import { LetterDiscard, LetterRedrive, LettersRedrive } from "../openapi/work-bodies.ts"
import { LettersQuery } from "../openapi/work.ts"
import type { Refusal } from "../protocol.ts"
import { readQuery } from "../read-query.ts"
import type { AskedRequest, Request } from "../serving.ts"
import {
  kindOfLetter,
  type LetterItem,
  type LetterKind,
  type LetterPage,
  type LetterSettled,
  type LettersRedriven
} from "../work-protocol.ts"
import { decideAt } from "./decide-at.ts"
import type { Entry } from "./entry.ts"
import { readBody } from "./read-body.ts"
import { type Mended, redrive, type RedrivingServices } from "./redriving.ts"
import { answering, refused } from "./replies.ts"
import type { Respond } from "./stock.ts"
import { whoActs } from "./who.ts"

export interface LetterDeskServices extends RedrivingServices {
  readonly deadLetters: DeadLettersShape
  readonly desk: Desk<LetterSettled>
  readonly run: (effect: Effect.Effect<void>) => void
}

const UNREADABLE = "The dead letters cannot be read now; try again."
/** Pages read to fill one of those that are open: where nearly all are settled, going on from `next` finds the others. */
const READS_MAX = 8

interface Wanted {
  readonly status?: "open" | "settled" | undefined
  readonly kind?: LetterKind | undefined
}

export class LetterDesk {
  private readonly services: LetterDeskServices

  constructor(services: LetterDeskServices) {
    this.services = services
  }

  list({ query }: Request, respond: Respond): void {
    const asked = readQuery(LettersQuery, query)
    if (!asked.ok) return respond(refused(asked.refusal))
    const { after, kind, limit = PAGE_LIMIT_DEFAULT, status } = asked.value
    this.answer(respond, this.page(Number(after ?? 0), limit, { kind, status }))
  }

  redrive(request: AskedRequest, respond: Respond, id: string | undefined): void {
    const asked = readBody(request, LetterRedrive, respond)
    if (asked === undefined) return
    const { by, cart, cartFact, fact, sku } = asked
    const mended = { fact: fact ?? cartFact, sku, cart, receivedAtMs: request.receivedAtMs }
    this.answer(respond, this.applied(id, mended, whoActs(request, by)))
  }

  redriveAll(request: AskedRequest, respond: Respond): void {
    const asked = readBody(request, LettersRedrive, respond)
    if (asked === undefined) return
    this.answer(respond, this.appliedAll(asked.ids, request.receivedAtMs, whoActs(request, asked.by)))
  }

  discard(request: AskedRequest, respond: Respond, id: string | undefined): void {
    const asked = readBody(request, LetterDiscard, respond)
    if (asked === undefined) return
    this.answer(respond, this.letBe(id, asked.reason, whoActs(request, asked.by)))
  }

  /** From behind `from` on; fails with a sentence for the client. */
  readonly page = Effect.fnUntraced(
    { self: this },
    function* (this: LetterDesk, from: number, limit: number, { kind, status }: Wanted) {
      const items: Array<LetterItem> = []
      let after = from
      for (let reads = 0; reads < READS_MAX; reads++) {
        const letters = yield* this.services.deadLetters.list(after, limit).pipe(Effect.mapError(() => UNREADABLE))
        const stands = yield* this.settled(letters)
        for (const letter of letters) {
          if (items.length === limit) return pageOf(items, after)
          after = letter.id
          const settled = stands.get(letterDeskSubject(letter.id))
          if (kind !== undefined && kindOfLetter(letter.source) !== kind) continue
          if (status !== undefined && (status === "settled") !== (settled !== undefined)) continue
          items.push(settled === undefined ? letter : { ...letter, settled })
        }
        if (letters.length < limit) return pageOf(items)
        if (items.length === limit) return pageOf(items, after)
      }
      return pageOf(items, after)
    }
  )

  private settled(letters: ReadonlyArray<StoredDeadLetter>) {
    const subjects = letters.map(({ id }) => letterDeskSubject(id))
    return this.services.desk.newest(subjects).pipe(Effect.mapError(() => UNREADABLE))
  }

  private readonly find = Effect.fnUntraced({ self: this }, function* (this: LetterDesk, text: string | undefined) {
    const id = Number(text)
    if (!Number.isSafeInteger(id) || id < 1) return yield* Effect.fail(notThere(text))
    const [letter] = yield* this.services.deadLetters.list(id - 1, 1).pipe(Effect.mapError(() => UNREADABLE))
    if (letter?.id !== id) return yield* Effect.fail(notThere(text))
    const settled = (yield* this.settled([letter])).get(letterDeskSubject(id))
    return settled === undefined ? letter : yield* Effect.fail(doneAlready(settled))
  })

  /** Fails with the refusal, or with a sentence when it cannot be done now. */
  readonly applied = Effect.fnUntraced(
    { self: this },
    function* (this: LetterDesk, id: string | undefined, mended: Mended, by: string) {
      const letter = yield* this.find(id)
      const { mutationId } = yield* redrive(this.services, letter, mended)
      return yield* this.settle(letter, { act: "redriven", by, at: this.at(), mutationId })
    }
  )

  /** As they came, one after the other. Fails with a sentence when none can be done now. */
  private readonly appliedAll = Effect.fnUntraced(
    { self: this },
    function* (this: LetterDesk, ids: ReadonlyArray<number>, receivedAtMs: number, by: string) {
      const redriven: Array<number> = []
      const refusals: Array<LettersRedriven["refused"][number]> = []
      for (const id of new Set(ids)) {
        const outcome = yield* Effect.result(this.applied(String(id), { receivedAtMs }, by))
        if (Result.isSuccess(outcome)) redriven.push(id)
        else if (typeof outcome.failure === "string") {
          refusals.push({ id, code: "unavailable", message: outcome.failure })
        } else refusals.push({ id, code: outcome.failure.code, message: outcome.failure.message })
      }
      const answer: LettersRedriven = { ok: true, redriven, refused: refusals }
      return answer
    }
  )

  /** The same. */
  readonly letBe = Effect.fnUntraced(
    { self: this },
    function* (this: LetterDesk, id: string | undefined, reason: string, by: string) {
      const letter = yield* this.find(id)
      return yield* this.settle(letter, { act: "discarded", by, at: this.at(), reason })
    }
  )

  /** The first word counts: of two who settle a letter at once the second is told of the first. */
  private settle({ id }: StoredDeadLetter, event: LetterSettled): Effect.Effect<object, Refusal | string> {
    const at = { desk: this.services.desk, subject: letterDeskSubject(id), unreadable: UNREADABLE }
    const settled = decideAt<LetterSettled>(at, (newest) => {
      if (newest === undefined) return { ok: true, event }
      return newest.act === event.act ? { ok: true, event: undefined } : doneAlready(newest)
    })
    return Effect.map(settled, (stands) => ({ ok: true, id, settled: stands }))
  }

  private at(): string {
    return this.services.now().toISOString()
  }

  private answer(respond: Respond, read: Effect.Effect<object, Refusal | string>): void {
    this.services.run(answering(respond, read))
  }
}

const pageOf = (items: ReadonlyArray<LetterItem>, next?: number): LetterPage =>
  next === undefined ? { items } : { items, next: String(next) }

const notThere = (id: string | undefined): Refusal =>
  invalid(`There is no dead letter ${id ?? ""}; they are kept for 90 days.`, "id")

const doneAlready = ({ act, at, by }: LetterSettled) => ({
  ok: false as const,
  code: "version_conflict" as const,
  message: `${by} has ${act === "redriven" ? "applied" : "discarded"} it already, at ${at}.`
})

export const letterEntries = (desk: LetterDesk): ReadonlyArray<Entry> => [
  ["get", "/v1/dead-letters", "dead-letters.read", (request, respond) => desk.list(request, respond)],
  ["post", "/v1/dead-letters/redrive", "dead-letters.redrive", (request, respond) => desk.redriveAll(request, respond)],
  [
    "post",
    "/v1/dead-letters/:id/redrive",
    "dead-letters.redrive",
    (request, respond, id) => desk.redrive(request, respond, id)
  ],
  [
    "post",
    "/v1/dead-letters/:id/discard",
    "dead-letters.redrive",
    (request, respond, id) => desk.discard(request, respond, id)
  ]
]
