/**
 * What is said of customers: the hub reads it by these schemas.
 */
import { Schema } from "effect"
import { type Channel, CHANNELS } from "../../../actors/recovery/channel.ts"
import { isZone } from "../../../actors/recovery/zone.ts"
import { Country, MutationId, NOTHING_TO_SAY, textUpTo } from "./values.ts"

const { optionalKey } = Schema

const NAME_LENGTH_MAX = 256
const ADDRESS_LENGTH_MAX = 254

export const AnyChannel = Schema.Literals(CHANNELS)

const place = {
  channel: AnyChannel,
  address: textUpTo(ADDRESS_LENGTH_MAX).annotate({
    description: "An e-mail address, a number in E.164, or the carrier's own name."
  })
}

const PHONE = /^\+[1-9]\d{6,14}$/
const EMAIL = /^[^\s@<>(),;:"\\[\]]{1,64}@[^\s@<>(),;:"\\[\]]+\.[^\s@<>(),;:"\\[\]]{2,}$/

/** What does not fit, in the channel's own form. */
const wrongAddress = (channel: Channel, address: string): string | undefined => {
  if (channel === "messenger" || channel === "web-chat") return undefined
  if (channel === "email") return EMAIL.test(address) ? undefined : "Send address as one e-mail address."
  return PHONE.test(address) ? undefined : "Send address as a number in E.164, as +447700900123."
}

const isReachable = Schema.makeFilter<{ readonly channel: Channel; readonly address: string }>(
  ({ address, channel }) => {
    const issue = wrongAddress(channel, address.trim())
    return issue === undefined || { path: ["address"], issue }
  },
  NOTHING_TO_SAY
)

const Zone = Schema.String.check(
  Schema.makeFilter<string>(isZone, {
    ...NOTHING_TO_SAY,
    arbitraryConstraint: { patterns: [{ source: "^(Europe/London|America/New_York|UTC)$", flags: "" }] }
  })
).annotate({ description: "IANA, as Europe/London.", wanted: "as an IANA time zone, as Europe/London" })

export const CustomerRequest = Schema.Union([
  Schema.Struct({
    type: Schema.Literal("point"),
    mutationId: MutationId,
    ...place,
    hasConsented: Schema.Boolean.annotate({
      description: "Nobody is written to who has not agreed.",
      wanted: "as true or false: nobody is written to who has not agreed"
    })
  }).check(isReachable),
  Schema.Struct({
    type: Schema.Literals(["forget-point", "opt-out", "opt-in"]),
    mutationId: MutationId,
    ...place
  }).check(isReachable),
  Schema.Struct({ type: Schema.Literal("name"), mutationId: MutationId, name: textUpTo(NAME_LENGTH_MAX) }),
  Schema.Struct({
    type: Schema.Literal("settings"),
    mutationId: MutationId,
    preferred: optionalKey(
      Schema.Array(AnyChannel)
        .check(Schema.isMaxLength(CHANNELS.length))
        .annotate({ wanted: "as an array of channels" })
    ),
    zone: optionalKey(Zone),
    country: optionalKey(Country)
  })
]).annotate({ identifier: "CustomerRequest" })
