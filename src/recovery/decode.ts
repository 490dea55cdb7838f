/**
 * From what is said of a customer to commands: reads, checks, and takes the address apart. Refusals say what to send instead.
 */
import type { OfOneCustomer } from "../../actors/customer/commands.ts"
import { type Channel, CHANNELS, isChannel } from "../../actors/recovery/channel.ts"
import { countriesOfPhone, isZone } from "../../actors/recovery/zone.ts"
import { ID_LENGTH_MAX } from "../../config/limits.ts"
import {
  type Decoded,
  decodeName,
  decoding,
  defined,
  type Fields,
  fieldsOf,
  id,
  Invalid,
  own,
  text
} from "../gateway/decode.ts"
import { countryOf } from "../gateway/decode-values.ts"

export const decodeCustomerId = (customer: string | undefined): Decoded<string> =>
  decodeName(customer, "customer", ID_LENGTH_MAX)

/** What is asked, with the address as it was written. */
export type CustomerAsk =
  | (Omit<Extract<OfOneCustomer, { readonly type: "point" }>, "sealed" | "point"> & Place)
  | (Omit<Extract<OfOneCustomer, { readonly type: "forget-point" | "opt-out" | "opt-in" }>, "address" | "channel"> &
      Place)
  | Extract<OfOneCustomer, { readonly type: "settings" }>
  | (Omit<Extract<OfOneCustomer, { readonly type: "name" }>, "mark" | "sealed"> & { readonly plain: string })

interface Place {
  readonly channel: Channel
  readonly plain: string
  readonly countries: ReadonlyArray<string>
}

export const decodeCustomerAsk = (customerId: string, body: unknown): Decoded<CustomerAsk> =>
  decoding(() => read(customerId, fieldsOf(body, "")))

const NAME_LENGTH_MAX = 256

const read = (customerId: string, fields: Fields): CustomerAsk => {
  const type = own(fields, "type")
  const on = { customerId, mutationId: id(fields, "mutationId", "") }
  switch (type) {
    case "point": {
      const hasConsented = own(fields, "hasConsented")
      if (typeof hasConsented !== "boolean") {
        throw new Invalid(
          "Send hasConsented as true or false: nobody is written to who has not agreed.",
          "hasConsented"
        )
      }
      return { type, ...on, ...placeOf(fields), hasConsented }
    }
    case "name":
      return { type, ...on, plain: text(own(fields, "name"), "name", NAME_LENGTH_MAX).trim() }
    case "forget-point":
    case "opt-out":
    case "opt-in":
      return { type, ...on, ...placeOf(fields) }
    case "settings":
      return defined({ type, ...on, ...settingsOf(fields) }) as CustomerAsk
    default:
      throw new Invalid("Send type as point, forget-point, name, settings, opt-out or opt-in.", "type")
  }
}

const channelOf = (value: unknown, path: string): Channel => {
  if (typeof value === "string" && isChannel(value)) return value
  throw new Invalid(`Send ${path} as one of ${CHANNELS.join(", ")}.`, path)
}

const PHONE = /^\+[1-9]\d{6,14}$/
const EMAIL = /^[^\s@<>(),;:"\\[\]]{1,64}@[^\s@<>(),;:"\\[\]]+\.[^\s@<>(),;:"\\[\]]{2,}$/

const placeOf = (fields: Fields): Place => {
  const channel = channelOf(own(fields, "channel"), "channel")
  const plain = text(own(fields, "address"), "address", 254).trim()
  if (channel === "email") {
    if (!EMAIL.test(plain)) throw new Invalid("Send address as one e-mail address.", "address")
    return { channel, plain, countries: [] }
  }
  if (channel === "messenger" || channel === "web-chat") return { channel, plain, countries: [] }
  if (!PHONE.test(plain)) throw new Invalid("Send address as a number in E.164, as +447700900123.", "address")
  return { channel, plain, countries: countriesOfPhone(plain) }
}

const settingsOf = (fields: Fields) => {
  const [preferred, zone, country] = [own(fields, "preferred"), own(fields, "zone"), own(fields, "country")]
  if (zone !== undefined && (typeof zone !== "string" || !isZone(zone))) {
    throw new Invalid("Send zone as an IANA time zone, as Europe/London.", "zone")
  }
  if (preferred !== undefined && (!Array.isArray(preferred) || preferred.length > CHANNELS.length)) {
    throw new Invalid("Send preferred as an array of channels.", "preferred")
  }
  return {
    preferred: preferred?.map((channel: unknown, index: number) => channelOf(channel, `preferred[${index}]`)),
    zone,
    country: country === undefined ? undefined : countryOf(country, "country")
  }
}
