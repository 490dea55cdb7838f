/** What is changed and not saved, what is wrong with it, and who saves it why. Always in sight while there is something. */
import { type SyntheticEvent, useState } from "react"
import type { Fault } from "../../../../actors/recovery/sequence.ts"
import type { RecoverySettings } from "../../../../actors/recovery/settings.ts"
import { changesBetween } from "../../recovery/described.ts"
import { NameField, useName } from "../../app/name.tsx"
import type { EditorState } from "../../recovery/editor.ts"
import { Changes } from "./history.tsx"

interface SaveBarProps {
  readonly state: EditorState
  readonly base: RecoverySettings
  readonly draft: RecoverySettings
  readonly faults: ReadonlyArray<Fault>
  readonly onFault: (fault: Fault) => void
  readonly onSave: (by: string, note: string) => void
  readonly onDiscard: () => void
}

export const SaveBar = ({ base, draft, faults, onDiscard, onFault, onSave, state }: SaveBarProps) => {
  const { name: by, setName: setBy } = useName()
  const [note, setNote] = useState("")
  const [isShown, setShown] = useState(false)
  const changes = changesBetween(base, draft)
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault()
    onSave(by.trim(), note.trim())
  }
  const many = changes.length === 1 ? "1 change" : `${changes.length} changes`
  return (
    <section className="save-bar" aria-label="Save">
      {isShown ? <Changes changes={changes} label="What you changed" none="Nothing is changed." /> : null}
      <p className="wrong-count" role="status">
        {faults.length === 0 ? null : countOf(faults)}
      </p>
      {faults.length === 0 ? null : <Wrong faults={faults} onFault={onFault} />}
      <form onSubmit={submit}>
        <button type="button" className="button" aria-expanded={isShown} onClick={() => setShown(!isShown)}>
          {many}, not saved
        </button>
        <NameField name={by} onName={setBy} />
        <input
          aria-label="Why, for those who look later"
          placeholder="Why (optional)"
          maxLength={500}
          value={note}
          onChange={({ target }) => setNote(target.value)}
        />
        <button type="button" className="button" onClick={onDiscard}>
          Discard
        </button>
        <button
          type="submit"
          className="button button-main"
          disabled={faults.length > 0 || state.isSaving || state.theirs !== undefined || by.trim() === ""}
        >
          {state.isSaving ? "Saving…" : "Save"}
        </button>
      </form>
    </section>
  )
}

interface WrongProps {
  readonly faults: ReadonlyArray<Fault>
  readonly onFault: (fault: Fault) => void
}

const SHOWN_MAX = 5

const countOf = ({ length }: ReadonlyArray<Fault>): string =>
  length === 1 ? "One thing has to be mended:" : `${length} things have to be mended:`

const Wrong = ({ faults, onFault }: WrongProps) => (
  <div className="wrong" role="group" aria-label="What has to be mended">
    <ul>
      {faults.slice(0, SHOWN_MAX).map((fault) => (
        <li key={`${fault.path} ${fault.message}`}>
          <button type="button" className="link-button" onClick={() => onFault(fault)}>
            {fault.message}
          </button>
        </li>
      ))}
    </ul>
  </div>
)
