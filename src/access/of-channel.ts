/**
 * What an adapter says that speaks for one channel alone: it is of that channel, whether it says so or not, and of no other.
 */
import { type Decoded, invalid, own } from "../gateway/decode.ts"
import { isFields } from "./body-target.ts"

export const ofChannel = (channel: string, body: unknown): Decoded<unknown> => {
  // What is no object is refused by who reads it, with the reason.
  if (!isFields(body)) return { ok: true, value: body }
  if (own(body, "type") === "configure") return { ok: false, refusal: notConfigured }
  const said = own(body, "channel")
  if (said !== undefined && said !== channel) {
    return {
      ok: false,
      refusal: invalid(`You speak for ${channel} alone; send that as channel, or leave it out.`, "channel")
    }
  }
  return { ok: true, value: { ...body, channel } }
}

const notConfigured = {
  ok: false,
  code: "unauthorized",
  message: "An adapter does not configure a SKU, which is every channel's; an operator does."
} as const
