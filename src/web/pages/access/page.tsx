/** Who may come in: people with their roles, and the keys of programs. A password or a secret is shown once, to who made it. */
import { useState } from "react"
import { useOwn } from "../../access/use-session.ts"
import { ConnectionNotice } from "../../app/connection.tsx"
import { Notice } from "../../app/parts.tsx"
import { useActs } from "../../app/use-acts.ts"
import { Keys } from "./keys.tsx"
import { Users } from "./users.tsx"

export interface Shown {
  readonly of: string
  readonly secret: string
}

export const AccessPage = () => {
  const own = useOwn()
  const acts = useActs()
  const [shown, setShown] = useState<Shown | undefined>()
  return (
    <div className="page">
      <h1 className="visually-hidden">Users and keys</h1>
      <ConnectionNotice />
      <div className="page-body">
        {own?.mode === "open" ? <Open /> : null}
        {shown === undefined ? null : <Once shown={shown} onDone={() => setShown(undefined)} />}
        <Users acts={acts} onSecret={setShown} />
        <Keys acts={acts} onSecret={setShown} />
      </div>
      <Notice notice={acts.notice} tone={acts.tone} />
    </div>
  )
}

const Open = () => (
  <p className="stale">
    Access control is off: whoever reaches this machine may do everything. Start the hub with{" "}
    <code>HOLDFAST_ACCESS=required</code>, or with another <code>HOST</code>, and whoever calls must be known.
  </p>
)

interface OnceProps {
  readonly shown: Shown
  readonly onDone: () => void
}

const Once = ({ shown: { of, secret }, onDone }: OnceProps) => (
  <section className="box once" aria-label="Shown once">
    <p role="status">
      {of} is shown this once: <code className="once-secret">{secret}</code>
    </p>
    <button type="button" className="button" onClick={() => void navigator.clipboard?.writeText(secret)}>
      Copy
    </button>
    <button type="button" className="button" onClick={onDone}>
      I have it
    </button>
  </section>
)
