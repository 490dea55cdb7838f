/**
 * From what is said of a customer to commands: what the schema has read, with the address taken apart.
 */
import type { OfOneCustomer } from "../../actors/customer/commands.ts"
import type { Channel } from "../../actors/recovery/channel.ts"
import { countriesOfPhone } from "../../actors/recovery/zone.ts"
import { ID_LENGTH_MAX } from "../../config/limits.ts"
import { decodeBySchema } from "../gateway/decode-by-schema.ts"
import { type Decoded, decodeName, defined } from "../gateway/decode.ts"
import { CustomerRequest } from "../gateway/openapi/customer-bodies.ts"

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

export const decodeCustomerAsk = (customerId: string, body: unknown): Decoded<CustomerAsk> => {
  const decoded = decodeBySchema(CustomerRequest, body)
  return decoded.ok ? { ok: true, value: askOf(customerId, decoded.value) } : decoded
}

const askOf = (customerId: string, asked: typeof CustomerRequest.Type): CustomerAsk => {
  const on = { customerId, mutationId: asked.mutationId }
  switch (asked.type) {
    case "point":
      return { type: asked.type, ...on, ...placeOf(asked), hasConsented: asked.hasConsented }
    case "name":
      return { type: asked.type, ...on, plain: asked.name.trim() }
    case "forget-point":
    case "opt-out":
    case "opt-in":
      return { type: asked.type, ...on, ...placeOf(asked) }
    case "settings": {
      const { country, preferred, zone } = asked
      return defined({ type: asked.type, ...on, preferred, zone, country }) as CustomerAsk
    }
  }
}

/** Numbers tell of which countries they may be. */
const placeOf = ({ address, channel }: { readonly address: string; readonly channel: Channel }): Place => {
  const plain = address.trim()
  const isNumber = channel !== "email" && channel !== "messenger" && channel !== "web-chat"
  return { channel, plain, countries: isNumber ? countriesOfPhone(plain) : [] }
}
