/** In the place of all pages: signing in, and choosing a password before anything else where it was given by somebody else. */
import { type ReactNode, type SyntheticEvent, useEffect, useRef, useState } from "react"
import { BrandMark } from "../app/icons.tsx"
import { messageOf, post } from "../hub/http.ts"

interface DoorProps {
  readonly title: string
  readonly children: ReactNode
}

const Door = ({ title, children }: DoorProps) => (
  <main className="door">
    <div className="door-box">
      <div className="brand">
        <BrandMark />
        <span className="brand-name">Holdfast</span>
      </div>
      <h1>{title}</h1>
      {children}
    </div>
  </main>
)

interface PasswordFieldProps {
  readonly label: string
  readonly autoComplete: "current-password" | "new-password"
  readonly value: string
  readonly onChange: (value: string) => void
}

const PasswordField = ({ label, autoComplete, value, onChange }: PasswordFieldProps) => (
  <label className="door-field">
    {label}
    <input
      type="password"
      required={true}
      maxLength={256}
      autoComplete={autoComplete}
      value={value}
      onChange={({ target }) => onChange(target.value)}
    />
  </label>
)

/** Everything begins anew with who signed in: nothing of whoever was here before stays. */
const beginAnew = (): void => window.location.reload()

/** What went wrong with the last try; `undefined` while there is nothing to say. */
const useTry = (work: () => Promise<unknown>, done: () => void) => {
  const [failure, setFailure] = useState<string | undefined>()
  const [isTrying, setIsTrying] = useState(false)
  const onSubmit = async (event: SyntheticEvent): Promise<void> => {
    event.preventDefault()
    setIsTrying(true)
    try {
      await work()
      setFailure(undefined)
      done()
    } catch (error) {
      setFailure(messageOf(error))
    } finally {
      setIsTrying(false)
    }
  }
  return { failure, isTrying, onSubmit: (event: SyntheticEvent) => void onSubmit(event) }
}

interface TryProps {
  readonly word: string
  readonly failure: string | undefined
  readonly isTrying: boolean
}

const Try = ({ word, failure, isTrying }: TryProps) => (
  <>
    {failure === undefined ? null : (
      <p className="failed" role="alert">
        {failure}
      </p>
    )}
    <button type="submit" className="button button-main" disabled={isTrying}>
      {word}
    </button>
  </>
)

export const SignIn = () => {
  const [name, setName] = useState("")
  const [password, setPassword] = useState("")
  const first = useRef<HTMLInputElement>(null)
  useEffect(() => first.current?.focus(), [])
  useEffect(() => {
    document.title = "Sign in · Holdfast"
  }, [])
  const { failure, isTrying, onSubmit } = useTry(
    () => post("/v1/access/session", { body: { name: name.trim(), password } }),
    beginAnew
  )
  return (
    <Door title="Sign in">
      <form className="door-form" onSubmit={onSubmit}>
        <label className="door-field">
          Name
          <input
            ref={first}
            required={true}
            maxLength={128}
            autoComplete="username"
            autoCapitalize="none"
            spellCheck={false}
            value={name}
            onChange={({ target }) => setName(target.value)}
          />
        </label>
        <PasswordField label="Password" autoComplete="current-password" value={password} onChange={setPassword} />
        <Try word="Sign in" failure={failure} isTrying={isTrying} />
      </form>
    </Door>
  )
}

/** As the hub has it, which says so of one that is shorter. */
const PASSWORD_LENGTH_MIN = 12

export const FirstPassword = ({ name }: { readonly name: string }) => (
  <Door title={`Choose your password, ${name}`}>
    <p className="quiet">The one that you were given is good for this once.</p>
    <ChangePassword isFirst={true} onChanged={beginAnew} />
  </Door>
)

interface ChangePasswordProps {
  readonly isFirst?: boolean
  readonly onChanged: () => void
}

export const ChangePassword = ({ isFirst = false, onChanged }: ChangePasswordProps) => {
  const [password, setPassword] = useState("")
  const [newPassword, setNewPassword] = useState("")
  const { failure, isTrying, onSubmit } = useTry(
    () => post("/v1/access/password", { body: { password, newPassword } }),
    () => {
      setPassword("")
      setNewPassword("")
      onChanged()
    }
  )
  return (
    <form className="door-form" onSubmit={onSubmit}>
      <PasswordField
        label={isFirst ? "The password that you were given" : "Your password"}
        autoComplete="current-password"
        value={password}
        onChange={setPassword}
      />
      <PasswordField
        label={`A new one, of at least ${PASSWORD_LENGTH_MIN} characters`}
        autoComplete="new-password"
        value={newPassword}
        onChange={setNewPassword}
      />
      <Try word="Change it" failure={failure} isTrying={isTrying} />
    </form>
  )
}
