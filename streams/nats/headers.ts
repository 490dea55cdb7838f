/**
 * Headers of a message that is sent, as the protocol writes them (NATS ADR-4).
 *
 * The client's own bring each name into a canonical form, look for it among the others and keep a list of values for each: with one
 * message a change that was a sixth of all that the projector's thread left to its garbage collector.
 */
import type { MsgHdrs } from "@nats-io/transport-node"

const LINE_BREAK = /[\r\n]/

/** Throws when a value has a line break, with which it would be more than one header. */
export const headersOf = (fields: Readonly<Record<string, string>>): MsgHdrs => {
  let text = "NATS/1.0\r\n"
  for (const name in fields) {
    const value = fields[name] as string
    if (LINE_BREAK.test(value)) throw new Error(`The header ${name} has a line break.`)
    text += `${name}: ${value}\r\n`
  }
  // Of headers that are sent the client wants nothing else.
  const sent: Pick<WrittenHeaders, "encode"> = { encode: () => Buffer.from(`${text}\r\n`) }
  return sent as WrittenHeaders
}

/** What the client's class has beside what it declares. */
type WrittenHeaders = MsgHdrs & { readonly encode: () => Uint8Array }
