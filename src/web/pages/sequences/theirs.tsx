/** Somebody else has saved while something was being changed here: what they did, and what becomes of both. */
import type { RecoverySettings } from "../../../../actors/recovery/settings.ts"
import type { SettingsView } from "../../../recovery/protocol.ts"
import { timeOf } from "../../app/formats.ts"
import { changesBetween } from "../../recovery/described.ts"
import { Changes } from "./history.tsx"

interface TheirsProps {
  readonly base: SettingsView
  readonly draft: RecoverySettings
  readonly theirs: SettingsView
  readonly onTogether: () => void
  readonly onDrop: () => void
}

export const Theirs = ({ base, draft, onDrop, onTogether, theirs }: TheirsProps) => {
  const changed = changesBetween(base.settings, theirs.settings)
  const mine = new Set(changesBetween(base.settings, draft).map(({ name }) => name))
  const both = changed.filter(({ name }) => mine.has(name)).map(({ name }) => name)
  return (
    <section className="theirs" role="alert" aria-label="Saved by somebody else">
      <p>
        <strong>
          {theirs.by} saved version {theirs.version}
        </strong>{" "}
        at {timeOf(theirs.at)} while you were changing version {base.version}. What you changed is still here.
      </p>
      <Changes changes={changed} label="What they changed" none="They ended with what you began with." />
      {both.length === 0 ? null : <p>You both changed: {both.join("; ")}. Brought together, it is yours.</p>}
      <div className="theirs-tools">
        <button type="button" className="button" onClick={onTogether}>
          Bring both together
        </button>
        <button type="button" className="button" onClick={onDrop}>
          Take theirs, drop mine
        </button>
      </div>
    </section>
  )
}
