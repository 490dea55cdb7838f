/**
 * The ways to reach a customer, and what each of them forbids by itself.
 */
export const CHANNELS = ["sms", "whatsapp", "messenger", "email", "web-chat"] as const

export type Channel = (typeof CHANNELS)[number]

export const isChannel = (name: string): name is Channel => (CHANNELS as ReadonlyArray<string>).includes(name)

/** What rings in somebody's pocket keeps quiet at night; a mail waits, and a chat is open because they opened it. */
export const TIMED_CHANNELS: ReadonlyArray<Channel> = ["sms", "whatsapp", "messenger"]

/** WhatsApp and Messenger: free words only for so long after the customer wrote last. */
export const CONVERSATION_WINDOW_MS = 24 * 60 * 60_000

export type Form = "template" | "free"

/**
 * How a message may be worded: WhatsApp takes an approved template outside of the conversation window, Messenger nothing
 * at all; the others do not ask.
 */
export const formOf = (channel: Channel, lastInboundAt: number | undefined, at: number): Form | undefined => {
  if (channel !== "whatsapp" && channel !== "messenger") return "free"
  if (lastInboundAt !== undefined && at - lastInboundAt < CONVERSATION_WINDOW_MS) return "free"
  return channel === "whatsapp" ? "template" : undefined
}
