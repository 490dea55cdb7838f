/**
 * What one step says on each of its channels, as the hub would send it, how long that is and what it costs. Channels that
 * say the same stand under one bubble.
 */
import type { CostClass, PreviewMessage, PreviewStep } from "../../../recovery/protocol.ts"
import { units } from "../../app/formats.ts"
import { CHANNEL_NAMES } from "./channel-choice.tsx"

const COSTS: Readonly<Record<CostClass, string>> = {
  segment: "paid by the segment",
  template: "paid by the template",
  conversation: "free of a template's price",
  mail: "paid by the mail",
  none: "costs nothing"
}

const counted = (count: number, one: string): string => `${units(count)} ${count === 1 ? one : `${one}s`}`

const nameOf = ({ channel, form }: PreviewMessage): string => {
  if (channel !== "whatsapp") return CHANNEL_NAMES[channel]
  return form === "template" ? "WhatsApp, approved template" : "WhatsApp, while they talk to us"
}

const costOf = ({ alphabet, costClass, segments }: PreviewMessage): string =>
  segments === undefined ? COSTS[costClass] : `${counted(segments, "segment")} (${alphabet ?? ""}), ${COSTS[costClass]}`

/** By what is read: words and subject, or the carrier's own template. */
const bubblesOf = (
  messages: ReadonlyArray<PreviewMessage>
): ReadonlyArray<readonly [PreviewMessage, ...Array<PreviewMessage>]> => {
  const bubbles = new Map<string, [PreviewMessage, ...Array<PreviewMessage>]>()
  for (const message of messages) {
    const { subject, template, text } = message
    const key = JSON.stringify([text, subject, template])
    const known = bubbles.get(key)
    if (known === undefined) bubbles.set(key, [message])
    else known.push(message)
  }
  return [...bubbles.values()]
}

const Bubble = ({ of }: { readonly of: readonly [PreviewMessage, ...Array<PreviewMessage>] }) => {
  const [{ characters, subject, template, text }] = of
  return (
    <li className="message">
      <div className="message-text">
        {subject === undefined ? null : <strong>{subject}</strong>}
        {text === undefined ? null : <p>{text}</p>}
        {template === undefined ? null : (
          <dl>
            <div>
              <dt>template</dt>
              <dd>{template.name}</dd>
            </div>
            {Object.entries(template.variables).map(([name, value]) => (
              <div key={name}>
                <dt>{`{{${name}}}`}</dt>
                <dd>{value}</dd>
              </div>
            ))}
          </dl>
        )}
      </div>
      <ul className="message-channels">
        {of.map((message) => (
          <li key={`${message.channel} ${message.form}`} data-many={(message.segments ?? 1) > 1 ? true : undefined}>
            <strong>{nameOf(message)}</strong> {costOf(message)}
          </li>
        ))}
        {characters === undefined ? null : <li>{counted(characters, "character")}</li>}
      </ul>
    </li>
  )
}

interface MessagesProps {
  readonly of: string
  /** `undefined`: not known yet. */
  readonly messages: ReadonlyArray<PreviewMessage> | undefined
  /** The offer that they are shown with, if one may go with them. */
  readonly example: PreviewStep["example"]
  /** Of what was there before the last change. */
  readonly isOld: boolean
}

export const Messages = ({ example, isOld, messages, of }: MessagesProps) => (
  <section className="messages" aria-label={`What ${of} says`} aria-busy={isOld} data-old={isOld ? true : undefined}>
    {messages === undefined ? (
      <div className="message-waits" aria-hidden="true" />
    ) : messages.length === 0 ? (
      <p className="quiet">Nothing yet: choose a channel and a text.</p>
    ) : (
      <>
        {example === undefined ? null : (
          <p className="quiet">
            <span className="badge">example</span> With {example.offerKey}; each customer gets what is decided for them,
            or none.
          </p>
        )}
        <ul className="bubbles">
          {bubblesOf(messages).map((bubble) => (
            <Bubble key={`${bubble[0].channel} ${bubble[0].form}`} of={bubble} />
          ))}
        </ul>
      </>
    )}
  </section>
)
