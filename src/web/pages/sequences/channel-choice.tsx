/** Which channels a step takes, in its order: the customer's own preference comes before it. */
import { CHANNELS, type Channel } from "../../../../actors/recovery/channel.ts"
import { moved } from "../../recovery/edit.ts"
import { GroupFault, SignButton } from "./fields.tsx"

export const CHANNEL_NAMES: Readonly<Record<Channel, string>> = {
  sms: "SMS",
  whatsapp: "WhatsApp",
  messenger: "Messenger",
  email: "E-mail",
  "web-chat": "Web chat"
}

interface ChannelChoiceProps {
  readonly path: string
  readonly of: string
  readonly channels: ReadonlyArray<string>
  readonly onChange: (channels: ReadonlyArray<string>) => void
}

export const ChannelChoice = ({ channels, of, onChange, path }: ChannelChoiceProps) => {
  const others = CHANNELS.filter((channel) => !channels.includes(channel))
  return (
    <fieldset className="channel-choice">
      <legend className="field-label">Channels, in this order</legend>
      <ol className="channels">
        {channels.map((channel, index) => {
          const name = CHANNEL_NAMES[channel as Channel] ?? channel
          return (
            <li key={channel}>
              <span>{name}</span>
              <SignButton
                label={`${name} earlier in ${of}`}
                sign="‹"
                isDisabled={index === 0}
                onClick={() => onChange(moved(channels, index, -1))}
              />
              <SignButton
                label={`Without ${name} in ${of}`}
                sign="×"
                onClick={() => onChange(channels.filter((one) => one !== channel))}
              />
            </li>
          )
        })}
        {others.map((channel) => (
          <li key={channel} data-off={true}>
            <button
              type="button"
              aria-label={`${CHANNEL_NAMES[channel]} in ${of}`}
              onClick={() => onChange([...channels, channel])}
            >
              + {CHANNEL_NAMES[channel]}
            </button>
          </li>
        ))}
      </ol>
      <GroupFault path={path} />
    </fieldset>
  )
}
