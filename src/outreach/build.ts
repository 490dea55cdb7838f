/**
 * The carriers that are configured, and the port in front of them.
 */
import { Effect } from "effect"
import { BACKOFF_DEFAULT } from "../../actors/channel/pace.ts"
import { type CarrierConfig, type CarrierKind, type OutreachConfig, WrongOutreach } from "../../config/outreach.ts"
import { chatCarrier, type PushToChat } from "./carriers/chat.ts"
import { type Carrier, type CarrierContext, type Outreach, type OutreachChannel, SendFailed } from "./outreach.ts"
import { patient, type Patience, type PatientCarrier } from "./persist.ts"

/** Read only where they are used: Twilio's client takes 0.2 seconds and 23 MB. */
const makers: Readonly<Record<CarrierKind, () => Promise<(context: CarrierContext) => Carrier>>> = {
  twilio: async () => (await import("./carriers/twilio/carrier.ts")).twilioCarrier,
  messenger: async () => (await import("./carriers/messenger/carrier.ts")).messengerCarrier,
  email: async () => (await import("./carriers/email/carrier.ts")).emailCarrier
}

export interface BuildOptions {
  readonly config: OutreachConfig
  readonly nowMs: () => number
  readonly random: () => number
  /** Without it nobody is reached in the chat. */
  readonly pushToChat?: PushToChat
}

export interface BuiltOutreach {
  readonly outreach: Outreach
  readonly carriers: ReadonlyArray<Carrier>
}

/** Rejects with `WrongOutreach` and one sentence that names the carrier. */
export const buildOutreach = async (options: BuildOptions): Promise<BuiltOutreach> => {
  const { config, nowMs, random, pushToChat } = options
  const byChannel = new Map<OutreachChannel, { readonly carrier: Carrier; readonly patient: PatientCarrier }>()
  const add = (carrier: Carrier, patience: Patience): Carrier => {
    const made = patient(carrier, { patience, nowMs, random })
    for (const channel of carrier.channels) {
      const before = byChannel.get(channel)
      if (before !== undefined) {
        throw new WrongOutreach(
          `${channel} is carried by both ${before.carrier.name} and ${carrier.name}; take one away.`
        )
      }
      byChannel.set(channel, { carrier, patient: made })
    }
    return carrier
  }
  const carriers: Array<Carrier> = []
  for (const one of config.carriers) carriers.push(add(await carrierOf(config, one, nowMs), patienceOf(one)))
  if (pushToChat !== undefined) add(chatCarrier(pushToChat), CHAT_PATIENCE)
  const by = <Value>(
    channel: OutreachChannel,
    use: (found: { readonly carrier: Carrier; readonly patient: PatientCarrier }) => Effect.Effect<Value, SendFailed>
  ): Effect.Effect<Value, SendFailed> =>
    Effect.suspend(() => {
      const found = byChannel.get(channel)
      return found === undefined ? Effect.fail(nobodyCarries(channel)) : use(found)
    })
  return {
    carriers,
    outreach: {
      channels: [...byChannel.keys()],
      send: (message, mayGo) =>
        ATTEMPT.test(message.attemptId)
          ? by(message.channel, (found) => found.patient.send(message, mayGo))
          : Effect.fail(badAttempt),
      look: (message) => by(message.channel, (found) => found.carrier.look(message)),
      canLookUp: (channel) => byChannel.get(channel)?.carrier.canLookUp ?? false,
      findSent: (message, calledByMs) => by(message.channel, (found) => found.patient.findSent(message, calledByMs)),
      account: (channel, messageId) => by(channel, ({ carrier }) => carrier.account?.(messageId) ?? Effect.succeed({}))
    }
  }
}

/** Handing over in this process takes no time and breaks nowhere. */
const CHAT_PATIENCE: Patience = {
  backoff: BACKOFF_DEFAULT,
  concurrencyMax: 64,
  throttledMsMax: 0,
  lookAfterMs: 0,
  graceMs: 0
}

const patienceOf = ({ backoff, concurrencyMax, throttledMsMax, lookAfterMs, graceMs }: CarrierConfig): Patience => ({
  backoff: { ...BACKOFF_DEFAULT, ...backoff },
  concurrencyMax,
  throttledMsMax,
  lookAfterMs,
  graceMs
})

const carrierOf = async (
  { publicUrl }: OutreachConfig,
  { callMsMax, kind, name, settings }: CarrierConfig,
  nowMs: () => number
): Promise<Carrier> => {
  const make = await makers[kind]()
  try {
    return make({ callMsMax, name, settings, publicUrl, nowMs })
  } catch (cause) {
    throw new WrongOutreach(`The carrier ${name}: ${cause instanceof Error ? cause.message : String(cause)}`)
  }
}

/** It stands in addresses and headers. */
const ATTEMPT = /^[A-Za-z0-9_-]{1,64}$/

const badAttempt = new SendFailed({
  class: "refused",
  code: "bad_attempt",
  message: "An attempt's id is 1 to 64 of A-Z, a-z, 0-9, dash and underscore."
})

const nobodyCarries = (channel: OutreachChannel): SendFailed =>
  new SendFailed({ class: "refused", code: "no_carrier", message: `No carrier for ${channel} is configured.` })
