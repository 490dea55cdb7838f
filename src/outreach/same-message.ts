/**
 * Whether a message that a carrier lists is the one of an attempt whose outcome was lost.
 */
import type { OutboundMessage } from "./outreach.ts"

export interface ListedMessage {
  readonly text: string
  readonly createdMs: number
  /** The customer wrote it. */
  readonly isInbound: boolean
}

/** Clocks differ, and some dates have whole seconds. */
const CLOCK_SKEW_MS = 60_000

/**
 * By its link when it has one, because no other attempt has it; else by what it says. A template is filled in by the
 * carrier, so without a link it is known by all of its variables.
 */
export const isSameMessage = (message: OutboundMessage, listed: ListedMessage): boolean => {
  if (listed.isInbound || listed.createdMs < message.intendedAtMs - CLOCK_SKEW_MS) return false
  const text = plain(listed.text)
  if (message.link !== undefined && message.link !== "") return hasLink(text, plain(message.link))
  if (text === plain(message.text)) return true
  const variables = Object.values(message.template?.variables ?? {}).filter((value) => value !== "")
  return variables.length > 0 && variables.every((value) => text.includes(plain(value)))
}

/** `.../c/1` is not in `.../c/10`. */
const hasLink = (text: string, link: string): boolean => {
  for (let at = text.indexOf(link); at >= 0; at = text.indexOf(link, at + 1)) {
    if (!/^[\w%/?#=&-]/.test(text.slice(at + link.length))) return true
  }
  return false
}

/** Carriers trim, and make one space of several. */
const plain = (text: string): string => text.normalize("NFC").replace(/\s+/g, " ").trim()
