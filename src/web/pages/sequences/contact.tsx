/** The rules of contact that hold for every sequence: when, how often, and who is left alone so that lift can be measured. */
import { CHANNELS, type Channel } from "../../../../actors/recovery/channel.ts"
import type { ContactHours } from "../../../../actors/recovery/hours.ts"
import type { RecoverySettings } from "../../../../actors/recovery/settings.ts"
import { Box } from "../../app/parts.tsx"
import { DAYS } from "../../recovery/duration.ts"
import { replacedAt, withField, withoutAt } from "../../recovery/edit.ts"
import { CHANNEL_NAMES } from "./channel-choice.tsx"
import { CountryHours } from "./country-hours.tsx"
import {
  ClockField,
  DurationField,
  GroupFault,
  NumberField,
  SelectField,
  ShareField,
  SignButton,
  TextField
} from "./fields.tsx"

type Contact = RecoverySettings["contact"]

interface ContactProps {
  readonly contact: Contact
  readonly onChange: (contact: Contact) => void
}

export const ContactRules = ({ contact, onChange }: ContactProps) => (
  <Box id="contact-title" title="Rules of contact" note="Hours and caps hold at once, also for recoveries that run.">
    <h3>Hours, by the customer&rsquo;s clock</h3>
    <Hours
      path="contact.hours"
      label="everywhere"
      hours={contact.hours}
      onChange={(hours) => onChange({ ...contact, hours })}
    />
    <CountryHours
      byCountry={contact.hoursByCountry}
      otherwise={contact.hours}
      onChange={(hoursByCountry) => onChange({ ...contact, hoursByCountry })}
    />
    <h3>How often, over all sequences</h3>
    <Caps contact={contact} onChange={onChange} />
    <h3>Whom, and where</h3>
    <People contact={contact} onChange={onChange} />
  </Box>
)

const People = ({ contact, onChange }: ContactProps) => (
  <div className="field-grid">
    <ShareField
      path="contact.holdoutShare"
      label="Holdout"
      hint="Left alone, so that lift can be measured."
      share={contact.holdoutShare}
      onChange={(holdoutShare) => onChange({ ...contact, holdoutShare })}
    />
    <TextField
      path="contact.holdoutSalt"
      label="Salt of the holdout"
      hint="Another one draws another group."
      value={contact.holdoutSalt}
      onChange={(holdoutSalt) => onChange({ ...contact, holdoutSalt })}
    />
    <DurationField
      path="contact.patienceMs"
      label="Wait for the preferred channel"
      valueMs={contact.patienceMs}
      onChange={(patienceMs) => onChange({ ...contact, patienceMs })}
    />
    <TextField
      path="contact.zoneWhenUnknown"
      label="Time zone where none is known"
      placeholder="none"
      hint="Without one they get nothing that rings."
      value={contact.zoneWhenUnknown ?? ""}
      onChange={(zone) => onChange(withField(contact, "zoneWhenUnknown", zone))}
    />
    <TextField
      path="contact.oneTextCountries"
      label="Countries with one text for a cart"
      value={contact.oneTextCountries.join(" ")}
      onChange={(text) =>
        onChange({
          ...contact,
          oneTextCountries: text
            .toUpperCase()
            .split(/[\s,]+/)
            .filter((one) => one !== "")
        })
      }
    />
    <DurationField
      path="contact.textWithinMs"
      label="And that within"
      valueMs={contact.textWithinMs}
      onChange={(textWithinMs) => onChange({ ...contact, textWithinMs })}
    />
  </div>
)

interface HoursProps {
  readonly path: string
  readonly label: string
  readonly hours: ContactHours
  readonly onChange: (hours: ContactHours) => void
}

export const Hours = ({ hours, label, onChange, path }: HoursProps) => {
  const { closedDays } = hours
  const toggle = (day: number): void => {
    const next = closedDays.includes(day) ? closedDays.filter((one) => one !== day) : [...closedDays, day]
    onChange({ ...hours, closedDays: next.toSorted((left, right) => left - right) })
  }
  return (
    <div className="hours">
      <ClockField
        path={`${path}.opensMinute`}
        label={`From, ${label}`}
        isLabelHidden={true}
        minute={hours.opensMinute}
        onChange={(opensMinute) => onChange({ ...hours, opensMinute })}
      />
      <span>to</span>
      <ClockField
        path={`${path}.closesMinute`}
        label={`To, ${label}`}
        isLabelHidden={true}
        isEnd={true}
        minute={hours.closesMinute}
        onChange={(closesMinute) => onChange({ ...hours, closesMinute })}
      />
      <span className="days" role="group" aria-label={`Days, ${label}`}>
        {DAYS.map((name, day) => (
          <button
            key={name}
            type="button"
            aria-pressed={!closedDays.includes(day)}
            aria-label={`${name}, ${label}`}
            onClick={() => toggle(day)}
          >
            {name}
          </button>
        ))}
      </span>
      <GroupFault path={path} />
      <GroupFault path={`${path}.closedDays`} />
    </div>
  )
}

const Caps = ({ contact, onChange }: ContactProps) => {
  const { caps } = contact
  const set = (next: Contact["caps"]): void => onChange({ ...contact, caps: next })
  return (
    <>
      <ol className="caps" aria-label="Caps">
        {caps.map((cap, index) => (
          // A cap is known by its place.
          // oxlint-disable-next-line react/no-array-index-key
          <li key={index}>
            <NumberField
              path={`contact.caps[${index}].messagesMax`}
              label={`Messages, cap ${index + 1}`}
              isLabelHidden={true}
              value={cap.messagesMax}
              onChange={(messagesMax) => set(replacedAt(caps, index, { ...cap, messagesMax }))}
            />
            <span>by</span>
            <SelectField
              path={`contact.caps[${index}].channel`}
              label={`Channel, cap ${index + 1}`}
              isLabelHidden={true}
              value={cap.channel ?? ""}
              options={[["", "all channels"], ...CHANNELS.map((one) => [one, CHANNEL_NAMES[one]] as const)]}
              onChange={(channel) => set(replacedAt(caps, index, withField(cap, "channel", channel as Channel)))}
            />
            <span>in</span>
            <DurationField
              path={`contact.caps[${index}].windowMs`}
              label={`Window, cap ${index + 1}`}
              isLabelHidden={true}
              valueMs={cap.windowMs}
              onChange={(windowMs) => set(replacedAt(caps, index, { ...cap, windowMs }))}
            />
            <SignButton label={`Remove cap ${index + 1}`} sign="×" onClick={() => set(withoutAt(caps, index))} />
          </li>
        ))}
      </ol>
      <GroupFault path="contact.caps" />
      <button
        type="button"
        className="button"
        onClick={() => set([...caps, { messagesMax: 1, windowMs: 7 * 86_400_000 }])}
      >
        Add a cap
      </button>
    </>
  )
}
