/**
 * A sequence: the steps in which a customer who left a cart behind is reminded of it. Definitions are versioned, and a
 * recovery goes on by the version that it was started with.
 */
import { type Channel, isChannel } from "./channel.ts"

export interface Step {
  /** From the moment the cart was left, not from the step before. */
  readonly delayMs: number
  /** In the sequence's own order; the customer's preference comes first. */
  readonly channels: ReadonlyArray<Channel>
  readonly template: string
  /** Whether an offer may go with it; which one is decided then. */
  readonly mayOffer: boolean
}

export interface Sequence {
  readonly sequenceId: string
  /** 1 for the first, one more for each change. */
  readonly version: number
  readonly steps: ReadonlyArray<Step>
  /** Between two messages, also when the one before had to wait for the morning. */
  readonly gapMs: number
  /** So long after the cart was left nothing is said any more. */
  readonly expiresMs: number
}

const HOUR_MS = 60 * 60_000
const DAY_MS = 24 * HOUR_MS

export const STEPS_MAX = 10
export const NAME_LENGTH_MAX = 128
/** Beyond it nobody remembers the cart; caps look back further. */
export const EXPIRES_MS_MAX = 30 * DAY_MS

/** At once; the next day; and once more, with an offer if there is one to make. */
export const SEQUENCE_DEFAULT: Sequence = {
  sequenceId: "default",
  version: 1,
  steps: [
    {
      delayMs: 0,
      channels: ["web-chat", "whatsapp", "sms", "messenger", "email"],
      template: "reminder",
      mayOffer: false
    },
    {
      delayMs: 22 * HOUR_MS,
      channels: ["email", "whatsapp", "messenger", "sms"],
      template: "still-there",
      mayOffer: true
    },
    {
      delayMs: 46 * HOUR_MS,
      channels: ["email", "whatsapp", "messenger", "sms"],
      template: "last-call",
      mayOffer: true
    }
  ],
  gapMs: 4 * HOUR_MS,
  expiresMs: 7 * DAY_MS
}

export interface Fault {
  /** The field, as `steps[1].delayMs`. */
  readonly path: string
  /** For the person who wrote it: what to write instead. */
  readonly message: string
}

export interface SequenceDraft {
  readonly sequenceId: string
  readonly steps: ReadonlyArray<{
    readonly delayMs: number
    readonly channels: ReadonlyArray<string>
    readonly template: string
    readonly mayOffer: boolean
  }>
  readonly gapMs: number
  readonly expiresMs: number
}

/** Everything that is wrong with a draft; none: it may be published. `templates` are the names that there are. */
export const faultsOf = (draft: SequenceDraft, templates: ReadonlySet<string>): ReadonlyArray<Fault> => {
  const faults: Array<Fault> = []
  const demand = (holds: boolean, path: string, message: string) => {
    if (!holds) faults.push({ path, message })
  }
  const { sequenceId, steps, gapMs, expiresMs } = draft
  demand(isName(sequenceId), "sequenceId", `The name must have 1 to ${NAME_LENGTH_MAX} characters.`)
  demand(isCount(gapMs), "gapMs", "The gap between messages must be a whole number of milliseconds from 0.")
  demand(
    isCount(expiresMs) && expiresMs > 0 && expiresMs <= EXPIRES_MS_MAX,
    "expiresMs",
    `A sequence must expire after 1 to ${EXPIRES_MS_MAX} milliseconds (30 days).`
  )
  demand(steps.length >= 1 && steps.length <= STEPS_MAX, "steps", `A sequence must have 1 to ${STEPS_MAX} steps.`)
  for (const [index, step] of steps.slice(0, STEPS_MAX).entries()) {
    const at = (field: string) => `steps[${index}].${field}`
    const before = steps[index - 1]?.delayMs ?? -1
    demand(isCount(step.delayMs), at("delayMs"), "The delay must be a whole number of milliseconds from 0.")
    demand(
      !(step.delayMs <= before),
      at("delayMs"),
      `The delay must be longer than that of the step before (${before}).`
    )
    demand(
      !(step.delayMs >= expiresMs),
      at("delayMs"),
      "The delay must be shorter than the time after which the sequence expires."
    )
    demand(step.channels.length > 0, at("channels"), "A step must have at least one channel.")
    demand(new Set(step.channels).size === step.channels.length, at("channels"), "A channel must be named once.")
    for (const channel of step.channels) {
      demand(
        isChannel(channel),
        at("channels"),
        `"${channel}" is no channel; take sms, whatsapp, messenger, email or web-chat.`
      )
    }
    demand(
      templates.has(step.template),
      at("template"),
      `There is no template "${step.template}"; there are ${[...templates].join(", ")}.`
    )
  }
  return faults
}

/** The draft as that version; what it says must be without faults. */
export const published = ({ expiresMs, gapMs, sequenceId, steps }: SequenceDraft, version: number): Sequence => ({
  sequenceId,
  version,
  steps: steps.map((step) => ({ ...step, channels: step.channels.filter(isChannel) })),
  gapMs,
  expiresMs
})

const isName = (name: string): boolean => name.length >= 1 && name.length <= NAME_LENGTH_MAX

const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 0

/** When the step is due: its delay after the cart was left, and a gap after the message before it. */
export const dueAt = (
  sequence: Sequence,
  stepIndex: number,
  since: { readonly abandonedAt: number; readonly lastMessageAt: number | undefined }
): number | undefined => {
  const step = sequence.steps[stepIndex]
  if (step === undefined) return undefined
  const planned = since.abandonedAt + step.delayMs
  return since.lastMessageAt === undefined ? planned : Math.max(planned, since.lastMessageAt + sequence.gapMs)
}
