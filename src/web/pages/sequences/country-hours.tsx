/** Hours of single countries, where the law or custom wants others. */
import { type SyntheticEvent, useState } from "react"
import type { ContactHours } from "../../../../actors/recovery/hours.ts"
import { Hours } from "./contact.tsx"
import { GroupFault, SignButton } from "./fields.tsx"

interface CountryHoursProps {
  readonly byCountry: Readonly<Record<string, ContactHours>>
  readonly otherwise: ContactHours
  readonly onChange: (byCountry: Readonly<Record<string, ContactHours>>) => void
}

export const CountryHours = ({ byCountry, onChange, otherwise }: CountryHoursProps) => {
  const [country, setCountry] = useState("")
  const code = country.trim().toUpperCase()
  const add = (event: SyntheticEvent): void => {
    event.preventDefault()
    if (code === "" || Object.hasOwn(byCountry, code)) return
    onChange({ ...byCountry, [code]: otherwise })
    setCountry("")
  }
  const without = (name: string) => Object.fromEntries(Object.entries(byCountry).filter(([one]) => one !== name))
  return (
    <>
      <ul className="country-hours" aria-label="Hours by country">
        {Object.entries(byCountry).map(([name, hours]) => (
          <li key={name}>
            <span className="country">{name}</span>
            <Hours
              path={`contact.hoursByCountry.${name}`}
              label={name}
              hours={hours}
              onChange={(next) => onChange({ ...byCountry, [name]: next })}
            />
            <SignButton label={`Remove the hours of ${name}`} sign="×" onClick={() => onChange(without(name))} />
          </li>
        ))}
      </ul>
      <GroupFault path="contact.hoursByCountry" />
      <form className="country-add" onSubmit={add}>
        <input
          aria-label="Country with hours of its own, two letters"
          placeholder="FR"
          maxLength={2}
          value={country}
          onChange={({ target }) => setCountry(target.value)}
        />
        <button type="submit" className="button" disabled={!/^[A-Z]{2}$/.test(code)}>
          Add a country
        </button>
      </form>
    </>
  )
}
