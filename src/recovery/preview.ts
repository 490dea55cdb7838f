/**
 * What a customer would be told for a cart, by settings that hold or that somebody is about to save: each step, on each of
 * its channels, as long as it would really be. A step that may offer is shown with an example of an offer; which one a customer gets, or
 * none, is decided when the message goes.
 */
import { type Channel, CONVERSATION_WINDOW_MS, type Form, formOf, isChannel } from "../../actors/recovery/channel.ts"
import { OFFER_PREFIX } from "../../actors/cart/promotions.ts"
import type { IncentivePolicy } from "../../actors/recovery/incentive-rules.ts"
import type { Abandonment } from "../../actors/recovery/may-reach.ts"
import { type RecoverySettings, sequenceFor, sequenceNamed } from "../../actors/recovery/settings.ts"
import { type Filling, filled, type Template } from "../../actors/recovery/template.ts"
import { hash64 } from "../../actors/sku/fingerprint.ts"
import { measured } from "../outreach/segments.ts"
import { itemsOf, variablesOf } from "./compose.ts"
import { type OfferSaid, offerWords } from "./offer-words.ts"
import type { CostClass, PreviewMessage, PreviewStep } from "./protocol.ts"

export interface PreviewAsk {
  readonly settings: RecoverySettings
  /** Shown whatever cart it is for; absent: the one that is for this cart. */
  readonly sequenceId: string | undefined
  readonly cartId: string
  readonly lines: ReadonlyArray<{ readonly sku: string; readonly name?: string }>
  readonly left: NonNullable<Abandonment["left"]>
  readonly linkOf: (cartId: string, attemptId: string, code?: string) => string
  readonly at: number
}

/** As long as a real one, and none: no code has such letters by chance. */
const EXAMPLE_CODE = `${OFFER_PREFIX}EXAMPLE111`

/** The one that takes the most words, so that no message is longer than what is shown. */
const exampleOf = (policy: IncentivePolicy | null | undefined, at: number): OfferSaid | undefined => {
  if (policy === null || policy === undefined) return undefined
  const { catalogue, currency, offerTtlMs } = policy
  const examples = catalogue.map(({ offerKey, terms }): OfferSaid => ({
    offerId: EXAMPLE_CODE,
    offerKey,
    terms,
    currency,
    expiresAt: at + offerTtlMs
  }))
  return examples.toSorted((one, other) => offerWords(other, policy).length - offerWords(one, policy).length)[0]
}

/** As long as a real one, which its link carries. */
const attemptOf = (cartId: string, step: number): string => `r${hash64(cartId)}-${step + 1}`

export const previewOf = ({
  at,
  cartId,
  left,
  lines,
  linkOf,
  sequenceId,
  settings
}: PreviewAsk): { readonly sequenceId?: string; readonly steps: ReadonlyArray<PreviewStep> } => {
  const version = { version: 0, settings }
  const sequence = sequenceId === undefined ? sequenceFor(version, left) : sequenceNamed(version, sequenceId)
  if (sequence === undefined) return { steps: [] }
  const items = itemsOf(lines)
  const offers = settings.offers ?? undefined
  return {
    sequenceId: sequence.sequenceId,
    steps: sequence.steps.map((step, index) => {
      const { channels, delayMs, mayOffer, template: name } = step
      const template = Object.hasOwn(settings.templates, name) ? settings.templates[name] : undefined
      const example = mayOffer ? exampleOf(offers, at) : undefined
      const link = linkOf(cartId, attemptOf(cartId, index), example?.offerId)
      const filling = { items, link, offer: example === undefined ? "" : offerWords(example, offers) }
      const messages =
        template === undefined
          ? []
          : channels
              .filter(isChannel)
              .flatMap((channel) => formsOf(channel).map((form) => message({ channel, form }, template, filling)))
      const told = example === undefined ? {} : { example: { offerKey: example.offerKey, code: example.offerId } }
      return { step: index, delayMs, template: name, mayOffer, ...told, messages }
    })
  }
}

/** Outside of a conversation, and within one. */
const formsOf = (channel: Channel): ReadonlyArray<Form> => {
  const forms = [formOf(channel, undefined, 0), formOf(channel, 0, CONVERSATION_WINDOW_MS - 1)]
  return [...new Set(forms.filter((form) => form !== undefined))]
}

const costClassOf = (channel: Channel, form: Form): CostClass => {
  switch (channel) {
    case "sms":
      return "segment"
    case "whatsapp":
      return form === "template" ? "template" : "conversation"
    case "email":
      return "mail"
    case "messenger":
    case "web-chat":
      return "none"
  }
}

const message = (
  { channel, form }: { readonly channel: Channel; readonly form: Form },
  template: Template,
  filling: Filling
): PreviewMessage => {
  const on = { channel, form, costClass: costClassOf(channel, form) }
  if (form === "template") {
    return { ...on, template: { name: template.approved, variables: variablesOf(filling) } }
  }
  const text = filled(template.text, filling)
  const { alphabet, segments, units } = measured(text)
  if (channel === "sms") return { ...on, text, characters: units, segments, alphabet }
  const said = { ...on, text, characters: Array.from(text).length }
  return channel === "email" ? { ...said, subject: filled(template.subject, filling) } : said
}
