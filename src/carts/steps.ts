/**
 * Does what carts ask of the stock: reads the steps from commits that are in the journal, asks the stock host, and tells
 * each cart what came of it.
 *
 * Nothing is kept here that a crash could lose. A step stands in its cart until its outcome does; it is asked under a
 * mutation id of its own, so asking again after a crash gets the first answer. P1 A cart's steps are done one after the
 * other. P2 Only a step that is in the journal is done: one of a turn that was lost may come back with other lines.
 */
import { type CartRecord, isCartEvent } from "../../actors/cart/events.ts"
import type { Step } from "../../actors/cart/state.ts"
import { DEFAULT_LOCATION, type LinesCommand } from "../../actors/sku/commands.ts"
import { linesFingerprint } from "../../actors/sku/fingerprint.ts"
import type { StoredCommit } from "../../streams/codec.ts"
import type { Answer, LinesAnswer } from "../gateway/protocol.ts"
import type { MailTaker } from "../gateway/requests.ts"
import { hubsCommand } from "../host/owner-mail.ts"
import type { CartCommandMail } from "./mail.ts"
import { tracedStep } from "./traced.ts"

export interface StepsServices {
  readonly stock: MailTaker
  readonly carts: { readonly submit: (mail: CartCommandMail) => void }
  /** Does it after so many milliseconds. */
  readonly later: (ms: number, act: () => void) => void
}

/** The same step again when the stock, or the cart, could not take it. */
const RETRY_MS = 200

const isTransient = (answer: Answer): boolean =>
  !answer.ok && (answer.code === "overloaded" || answer.code === "unavailable")

export class Steps {
  private readonly services: StepsServices
  /** By cart, of those that wait for the stock. */
  private readonly waiting = new Map<string, ReadonlyArray<Step>>()
  private readonly asked = new Set<string>()

  /** `left`: what carts waited for when the hub came up. */
  constructor(services: StepsServices, left: Iterable<readonly [cart: string, steps: ReadonlyArray<Step>]>) {
    this.services = services
    for (const [cart, steps] of left) this.waiting.set(cart, steps)
  }

  get depth(): number {
    return this.waiting.size
  }

  /** Takes up what a hub before this one had left. */
  start(): void {
    for (const cart of this.waiting.keys()) this.next(cart)
  }

  onCommits(commits: ReadonlyArray<StoredCommit<CartRecord>>): void {
    for (const { records } of commits) {
      for (const record of records) {
        const steps = isCartEvent(record) ? record.set?.steps : undefined
        if (!isCartEvent(record) || steps === undefined) continue
        if (steps === null || steps.length === 0) this.waiting.delete(record.cart)
        else this.waiting.set(record.cart, steps)
        this.next(record.cart)
      }
    }
  }

  private next(cart: string): void {
    const step = this.waiting.get(cart)?.[0]
    if (step === undefined || this.asked.has(step.id)) return
    this.asked.add(step.id)
    this.ask(cart, step)
  }

  private ask(cart: string, step: Step): void {
    const command = commandOf(step)
    this.services.stock.submit({
      kind: "lines",
      command,
      hash: linesFingerprint(command),
      receivedAtMs: performance.now(),
      reply: tracedStep(cart, step, (answer) => {
        if (isTransient(answer)) this.services.later(RETRY_MS, () => this.ask(cart, step))
        else this.tell(cart, step, answer)
      })
    })
  }

  private tell(cart: string, step: Step, answer: Answer): void {
    const mutationId = `${step.id}:outcome`
    this.services.carts.submit(
      hubsCommand({ type: "outcome", cart, mutationId, stepId: step.id, outcome: outcomeOf(answer) }, (told) => {
        if (told.ok) this.asked.delete(step.id)
        else this.services.later(RETRY_MS, () => this.tell(cart, step, answer))
      })
    )
  }
}

const commandOf = ({ id, act, holdId, ttlMs, lines }: Step): LinesCommand =>
  act === "reserve"
    ? {
        type: act,
        mutationId: id,
        holdId,
        ttlMs: ttlMs ?? 0,
        lines: (lines ?? []).map((line) => ({ locationId: DEFAULT_LOCATION, ...line }))
      }
    : { type: act, mutationId: id, holdId }

const outcomeOf = (answer: Answer) => {
  if (!answer.ok) {
    const faults = (answer.lines ?? []).map(({ sku, available }) => ({ sku, available }))
    return { ok: false, code: answer.code, faults } as const
  }
  const { expiresAt } = answer as LinesAnswer
  return { ok: true, ...(expiresAt === undefined ? {} : { expiresAt: Date.parse(expiresAt) }) } as const
}
