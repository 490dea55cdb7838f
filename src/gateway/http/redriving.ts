/**
 * What a dead letter of each kind is tried again by. A fact is applied like one that comes over HTTP, under its own mutation
 * id; what Stripe told is applied as it came; what a channel did not take is handed to it again. All of it may be done twice.
 */
import { Effect } from "effect"
import * as Limits from "../../../config/limits.ts"
import type { StoredDeadLetter } from "../../../streams/dead-letters.ts"
import { channelOfSubject, decodeSku, skuOfSubject } from "../../../streams/subjects.ts"
import type { CartCommand } from "../../../actors/cart/commands.ts"
import { isFields } from "../../access/body-target.ts"
import type { CartsShape } from "../../carts/layer.ts"
import type { CartReply } from "../../carts/requests.ts"
import type { ChannelsShape } from "../../channels/channels.ts"
import { decodeJson, invalid, wrongSku } from "../decode.ts"
import type { Answer, Refusal } from "../protocol.ts"
import { type MailTaker, type Received, submitFact } from "../requests.ts"
import { kindOfLetter } from "../work-protocol.ts"

export interface RedrivingServices {
  readonly host: MailTaker
  readonly carts: Pick<CartsShape, "requests">
  readonly channels: ChannelsShape
  readonly now: () => Date
}

/** In place of what the letter says. */
export interface Mended {
  readonly fact?: unknown
  readonly sku?: string | undefined
  readonly cart?: string | undefined
  readonly receivedAtMs: number
}

/** Of what it was done as. */
interface Redriven {
  readonly mutationId: string
}

type Redriving = Effect.Effect<Redriven, Refusal | string>

export const redrive = (services: RedrivingServices, letter: StoredDeadLetter, mended: Mended): Redriving => {
  switch (kindOfLetter(letter.source)) {
    case "fact":
      return applyFact(services, letter, mended)
    case "cart-fact":
      return applyCartFact(services, letter, mended)
    case "payment-fact":
      return applyPayment(services, letter, mended)
    case "channel":
      return pushAgain(services, letter, mended)
    case "alert":
      return refuse(
        "An alert is of its moment and is not sent again; what it was about stands on its own page. Let it be, with the reason."
      )
  }
}

const refuse = (message: string, path = "id"): Effect.Effect<never, Refusal> => Effect.fail(invalid(message, path))

type Submit = (reply: (answer: Answer) => void) => void

const submitted = (submit: Submit, redriven: Redriven): Redriving =>
  Effect.callback<Answer>((resume) => submit((answer) => resume(Effect.succeed(answer)))).pipe(
    Effect.flatMap((answer) => (answer.ok ? Effect.succeed(redriven) : Effect.fail(answer)))
  )

/**
 * A cart remembers what it has refused: under its own id a fact that came too early would be refused for ever. So where that
 * is refused it is sent once more under one of its own; payments count once by their payment, whatever they are sent under.
 */
const submittedToCart = (submit: (body: unknown) => Submit, body: unknown, anewAs: string): Redriving =>
  submitted(submit(body), mutationOf(body)).pipe(
    Effect.catch((refusal) => {
      if (typeof refusal === "string" || refusal.code === "invalid_request") return Effect.fail(refusal)
      const anew = { ...(body as object), mutationId: anewAs }
      return submitted(submit(anew), anew)
    })
  )

/** Of what was refused as unreadable it is never asked for. */
const mutationOf = (body: unknown): Redriven => ({
  mutationId: String((body as { readonly mutationId?: unknown } | undefined)?.mutationId)
})

const receivedOf = (letter: StoredDeadLetter, { fact, receivedAtMs }: Mended): Received => ({
  body: fact ?? textOf(letter.body),
  receivedAtMs
})

const applyFact = ({ host }: RedrivingServices, letter: StoredDeadLetter, mended: Mended): Redriving => {
  const sku = mended.sku ?? skuOfSubject(letter.subject)
  if (sku === undefined || wrongSku(sku) !== undefined) {
    return refuse("The letter's subject names no SKU; send sku.", "sku")
  }
  const { body: told, receivedAtMs } = receivedOf(letter, mended)
  const channel = channelOfSubject(letter.subject)
  // A fact that is given anew may be of whatever channel whoever gives it says.
  const received = { body: channel === undefined || !isFields(told) ? told : { channel, ...told }, receivedAtMs }
  return submitted((reply) => submitFact(host, sku, received, reply), mutationOf(received.body))
}

/** Of carts refusals have codes of their own; whoever asks here is told why all the same. */
const asAnswer =
  (reply: (answer: Answer) => void): CartReply =>
  (answer) =>
    reply(answer as unknown as Answer)

const anewAs = ({ now }: RedrivingServices, { id }: StoredDeadLetter): string => `letter-${id}-${now().getTime()}`

const applyCartFact = (services: RedrivingServices, letter: StoredDeadLetter, mended: Mended): Redriving => {
  const cart = mended.cart ?? skuOfSubject(letter.subject)
  if (cart === undefined) return refuse("The letter's subject names no cart; send cart.", "cart")
  const { body, receivedAtMs } = receivedOf(letter, mended)
  const submit =
    (sent: unknown): Submit =>
    (reply) =>
      services.carts.requests.fact(cart, { body: sent, receivedAtMs }, asAnswer(reply))
  return submittedToCart(submit, body, anewAs(services, letter))
}

/** Its body is the fact as the hub had made it of what Stripe told. */
const applyPayment = (services: RedrivingServices, letter: StoredDeadLetter, mended: Mended): Redriving => {
  if (mended.fact !== undefined) return refuse("What Stripe told is applied as it came; send no fact.", "fact")
  const told = textOf(letter.body)
  if (told === undefined) return refuse("The letter cannot be read; let it be, with the reason.")
  const submit =
    (sent: unknown): Submit =>
    (reply) =>
      services.carts.requests.submit(sent as CartCommand, mended.receivedAtMs, asAnswer(reply))
  return submittedToCart(submit, told, anewAs(services, letter))
}

const pushAgain = (
  { channels }: RedrivingServices,
  { source = "", subject }: StoredDeadLetter,
  mended: Mended
): Redriving => {
  if (mended.fact !== undefined) return refuse("What a channel is to show is the hub's number; send no fact.", "fact")
  const channel = source.slice("channel-".length)
  const listingId = decodeSku(subject.slice(subject.lastIndexOf(".") + 1)) ?? ""
  const body = { listingIds: [listingId] }
  return Effect.flatMap(
    Effect.promise(() => channels.ask({ op: "redrive", channel, body })),
    ({ body: answer, status }): Redriving => {
      const { message = "", redriven = 0 } = answer as { readonly message?: string; readonly redriven?: number }
      if (status === 503) return Effect.fail(message)
      if (status >= 400) return refuse(message)
      if (redriven > 0) return Effect.succeed({ mutationId: `${channel} ${listingId}` })
      return Effect.fail<Refusal>({
        ok: false,
        code: "version_conflict",
        message: `${listingId} is not given up on ${channel} any more; let the letter be.`
      })
    }
  )
}

/** What cannot be read is refused as any fact that cannot. */
const textOf = (text: string): unknown => {
  const decoded = decodeJson(new TextEncoder().encode(text), Limits.MESSAGE_BYTES_MAX)
  return decoded.ok ? decoded.value : undefined
}
