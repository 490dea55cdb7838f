/** What users and keys share: roles to choose, what is asked twice before it is done, how they are bound. */
import { useEffect, useState } from "react"
import { ROLES, type Role } from "../../../../actors/access/actions.ts"

interface RolesProps {
  readonly of: string
  readonly chosen: ReadonlyArray<Role>
  readonly onChoose: (roles: ReadonlyArray<Role>) => void
}

export const RoleChoice = ({ of, chosen, onChoose }: RolesProps) => (
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
