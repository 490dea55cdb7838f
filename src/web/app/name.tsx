/** In whose name things are done: kept in the browser, so that nobody writes it twice. */
import { useState } from "react"

const NAME_KEPT = "holdfast.by"

export const useName = () => {
  const [name, setName] = useState(() => localStorage.getItem(NAME_KEPT) ?? "")
  return {
    name,
    setName: (written: string): void => {
      setName(written)
      localStorage.setItem(NAME_KEPT, written.trim())
    }
  }
}

interface NameFieldProps {
  readonly name: string
  readonly onName: (name: string) => void
}

export const NameField = ({ name, onName }: NameFieldProps) => (
  <input
    className="name-field"
    aria-label="Your name"
    placeholder="Your name"
    autoComplete="name"
    maxLength={64}
    value={name}
    onChange={({ target }) => onName(target.value)}
  />
)
