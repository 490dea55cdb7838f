/** What users and keys share: the form that adds one, what is asked twice before it is done, how they are bound. */
import { type ReactNode, type SyntheticEvent, useEffect, useState } from "react"
import { ROLES, type Role } from "../../../../actors/access/actions.ts"

interface RolesProps {
  readonly of: string
  readonly chosen: ReadonlyArray<Role>
  readonly onChoose: (roles: ReadonlyArray<Role>) => void
}

const RoleChoice = ({ of, chosen, onChoose }: RolesProps) => (
  <fieldset className="roles">
    <legend className="visually-hidden">Roles of {of}</legend>
    {ROLES.map((role) => (
      <label key={role} className="check">
        <input
          type="checkbox"
          checked={chosen.includes(role)}
          onChange={({ target }) =>
            onChoose(
              target.checked
                ? ROLES.filter((one) => one === role || chosen.includes(one))
                : chosen.filter((one) => one !== role)
            )
          }
        />
        {role}
      </label>
    ))}
  </fieldset>
)

interface AddFormProps {
  /** `user` or `key`. */
  readonly what: string
  /** Chosen to begin with. */
  readonly usual: Role
  readonly isActing: boolean
  /** True when it was added. */
  readonly onAdd: (name: string, roles: ReadonlyArray<Role>) => Promise<boolean>
  /** The fields between the name and the roles. */
  readonly children: ReactNode
}

export const AddForm = ({ what, usual, isActing, onAdd, children }: AddFormProps) => {
  const [name, setName] = useState("")
  const [roles, setRoles] = useState<ReadonlyArray<Role>>([usual])
  const onSubmit = (event: SyntheticEvent): void => {
    event.preventDefault()
    void onAdd(name.trim(), roles).then((isDone) => isDone && setName(""))
  }
  return (
    <form className="add-form" aria-label={`Add a ${what}`} onSubmit={onSubmit}>
      <input
        aria-label={`Name of the new ${what}`}
        placeholder="Name"
        required={true}
        maxLength={64}
        autoComplete="off"
        value={name}
        onChange={({ target }) => setName(target.value)}
      />
      {children}
      <RoleChoice of={`the new ${what}`} chosen={roles} onChoose={setRoles} />
      <button type="submit" className="button" disabled={isActing || roles.length === 0}>
        Add {what}
      </button>
    </form>
  )
}

const SURE_MS = 5_000

interface SureButtonProps {
  readonly word: string
  /** Of what, for whoever hears it. */
  readonly of: string
  readonly isDisabled: boolean
  readonly onSure: () => void
}

/** What cannot be undone is asked twice; who does not answer meant something else. */
export const SureButton = ({ word, of, isDisabled, onSure }: SureButtonProps) => {
  const [isAsked, setIsAsked] = useState(false)
  useEffect(() => {
    if (!isAsked) return undefined
    const timer = setTimeout(() => setIsAsked(false), SURE_MS)
    return () => clearTimeout(timer)
  }, [isAsked])
  return (
    <button
      type="button"
      className={isAsked ? "button button-bad" : "button"}
      disabled={isDisabled}
      aria-label={isAsked ? `Yes, ${word.toLowerCase()} ${of}` : `${word} ${of}`}
      onClick={() => {
        setIsAsked(!isAsked)
        if (isAsked) onSure()
      }}
    >
      {isAsked ? `Yes, ${word.toLowerCase()}` : word}
    </button>
  )
}

interface Bounds {
  readonly tenant?: string
  readonly channels?: ReadonlyArray<string>
  readonly actions?: ReadonlyArray<string>
}

export const boundsWords = ({ actions, channels, tenant }: Bounds): string =>
  [
    ...(tenant === undefined ? [] : [`tenant ${tenant}`]),
    ...(channels === undefined ? [] : [`channels ${channels.join(", ")}`]),
    ...(actions === undefined ? [] : [`only ${actions.join(", ")}`])
  ].join("; ")
