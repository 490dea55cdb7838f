/** In whose name things are done: kept in the browser, so that nobody writes it twice. */
import { useState } from "react"
import { useOwn } from "../access/use-session.ts"

const NAME_KEPT = "holdfast.by"

/** While everybody may do everything the hub takes the name that is given; else it knows it. */
export const useName = () => {
  const own = useOwn()
  const [name, setName] = useState(() => localStorage.getItem(NAME_KEPT) ?? "")
  return {
    name: own?.mode === "required" ? own.principal.name : name,
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

export const NameField = ({ name, onName }: NameFieldProps) =>
  useOwn()?.mode === "required" ? null : (
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
