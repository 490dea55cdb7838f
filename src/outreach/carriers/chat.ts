/**
 * Web chat: handed to a function that pushes it to the customer's sockets. Whoever shows it shows an attempt once, so it
 * may be handed over again.
 */
import { Effect } from "effect"
import { type Carrier, type OutboundMessage, SendFailed } from "../outreach.ts"

/** `false`: the customer has no socket open. */
export type PushToChat = (
  customerId: string,
  message: { readonly id: string; readonly text: string; readonly link?: string }
) => Effect.Effect<boolean>

const receiptOf = ({ attemptId, channel }: OutboundMessage) => ({
  messageId: attemptId,
  attemptId,
  channel,
  state: "delivered" as const
})

export const chatCarrier = (push: PushToChat): Carrier => ({
  name: "chat",
  channels: ["web-chat"],
  canLookUp: true,
  send: (message) => {
    const { attemptId, customerId, link, text } = message
    return Effect.flatMap(
      push(customerId, { id: attemptId, text, ...(link === undefined ? {} : { link }) }),
      (isShown) =>
        isShown
          ? Effect.succeed(receiptOf(message))
          : Effect.fail(new SendFailed({ class: "refused", code: "away", message: "The customer has no chat open." }))
    )
  },
  look: () => Effect.undefined,
  receive: () => ({ type: "refused", status: 404, message: "The chat comes in over its socket." })
})
