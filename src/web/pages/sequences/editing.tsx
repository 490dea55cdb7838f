/** The settings, being changed: the chosen sequence with its messages, then what holds for all of them. */
import { type ReactNode, useEffect, useState } from "react"
import type { Fault } from "../../../../actors/recovery/sequence.ts"
import type { RecoverySettings, RuledSequence } from "../../../../actors/recovery/settings.ts"
import type { SettingsView } from "../../../recovery/protocol.ts"
import { timeOf } from "../../app/formats.ts"
import { Box } from "../../app/parts.tsx"
import { addedSequence, replacedAt, restored } from "../../recovery/edit.ts"
import type { SettingsEditor } from "../../recovery/editor.ts"
import { ContactRules } from "./contact.tsx"
import { DurationField, FaultsContext, idOf } from "./fields.tsx"
import { History } from "./history.tsx"
import { OfferRules } from "./offers.tsx"
import { SaveBar } from "./save-bar.tsx"
import { Texts } from "./texts.tsx"
import { Theirs } from "./theirs.tsx"
import { Timeline } from "./timeline.tsx"
import { type LivePreview, type Sample, usePreview } from "./use-preview.ts"
import { SequenceList, Whom } from "./whom.tsx"

/** The sequence that a fault is in. */
const sequenceOf = ({ path }: Fault): number | undefined => {
  const index = /^sequences\[(\d+)\]/.exec(path)?.[1]
  return index === undefined ? undefined : Number(index)
}

const focusOn = (path: string): void => {
  const field = document.querySelector<HTMLElement>(`#${CSS.escape(idOf(path))}`)
  field?.scrollIntoView({ block: "center" })
  field?.focus({ preventScroll: true })
}

interface EditingProps {
  readonly editor: SettingsEditor
  readonly base: SettingsView
  readonly draft: RecoverySettings
}

export const Editing = ({ base, draft, editor }: EditingProps) => {
  const state = editor.state()
  const [wanted, setWanted] = useState(0)
  const [sample, setSample] = useState<Sample>({ cart: "", goods: "" })
  const [toFocus, setToFocus] = useState<string | undefined>()
  const chosen = Math.min(wanted, draft.sequences.length - 1)
  const live = usePreview(draft, draft.sequences[chosen]?.sequenceId ?? "", sample)
  useEffect(() => {
    if (toFocus === undefined) return
    focusOn(toFocus)
    setToFocus(undefined)
  }, [toFocus])
  const change = (next: RecoverySettings): void => editor.change(next)
  return (
    <FaultsContext value={new Map(live.faults.map((fault) => [fault.path, fault.message]))}>
      <Head base={base} isOffline={state.isOffline} />
      {state.theirs === undefined ? null : (
        <Theirs
          base={base}
          draft={draft}
          theirs={state.theirs}
          onTogether={() => editor.bringTogether()}
          onDrop={() => editor.discard()}
        />
      )}
      <div className="page-body sequences-body">
        <Sequences draft={draft} chosen={chosen} live={live} onChange={change} onChoose={setWanted}>
          <SampleCart sample={sample} failure={live.failure} onChange={setSample} />
        </Sequences>
        <Texts settings={draft} onChange={change} />
        <ContactRules contact={draft.contact} onChange={(contact) => change({ ...draft, contact })} />
        <OfferRules offers={draft.offers} onChange={(offers) => change({ ...draft, offers })} />
        <Measured settings={draft} onChange={change} />
        <History
          newest={(state.theirs ?? base).version}
          draft={draft}
          onRestore={({ settings }) => change(restored(draft, settings))}
        />
      </div>
      <div className="page-foot">
        {editor.isChanged ? (
          <SaveBar
            state={state}
            base={base.settings}
            draft={draft}
            faults={live.faults}
            onFault={(fault) => {
              setWanted(sequenceOf(fault) ?? chosen)
              setToFocus(fault.path)
            }}
            onSave={(by, note) => void editor.save(by, note)}
            onDiscard={() => editor.discard()}
          />
        ) : null}
        <p className="page-notice" role="status" data-tone={state.notice?.tone}>
          {state.notice?.text}
        </p>
      </div>
    </FaultsContext>
  )
}

interface SequencesProps {
  readonly draft: RecoverySettings
  readonly chosen: number
  readonly live: LivePreview
  readonly onChange: (settings: RecoverySettings) => void
  readonly onChoose: (index: number) => void
  /** Between whom the sequence is for and what it says. */
  readonly children: ReactNode
}

const Sequences = ({ children, chosen, draft, live, onChange, onChoose }: SequencesProps) => {
  const sequence = draft.sequences[chosen]
  const path = `sequences[${chosen}]`
  const set = (next: RuledSequence): void =>
    onChange({ ...draft, sequences: replacedAt(draft.sequences, chosen, next) })
  const add = (): void => {
    if (sequence === undefined) return
    const added = addedSequence(draft, sequence)
    onChange(added.settings)
    onChoose(added.index)
  }
  return (
    <>
      <SequenceList
        settings={draft}
        chosen={chosen}
        wrong={new Set(live.faults.map(sequenceOf).filter((index) => index !== undefined))}
        onChoose={onChoose}
        onAdd={add}
        onChange={(sequences, index) => {
          onChange({ ...draft, sequences })
          onChoose(index)
        }}
      />
      {sequence === undefined ? null : (
        <>
          <Whom path={path} sequence={sequence} onChange={set} />
          {children}
          <Timeline
            key={chosen}
            path={path}
            sequence={sequence}
            settings={draft}
            onChange={set}
            preview={live.preview?.steps}
            isPreviewOld={live.isOld}
          />
        </>
      )}
    </>
  )
}

interface MeasuredProps {
  readonly settings: RecoverySettings
  readonly onChange: (settings: RecoverySettings) => void
}

const Measured = ({ onChange, settings }: MeasuredProps) => (
  <Box id="measure-title" title="Measured">
    <div className="field-grid">
      <DurationField
        path="attributionMs"
        label="A purchase is put down to a message for"
        valueMs={settings.attributionMs}
        onChange={(attributionMs) => onChange({ ...settings, attributionMs })}
      />
    </div>
  </Box>
)

const Head = ({ base, isOffline }: { readonly base: SettingsView; readonly isOffline: boolean }) => (
  <header className="sequences-head">
    <p>
      <strong>Version {base.version}</strong>
      <span>
        {base.by}, <time dateTime={base.at}>{timeOf(base.at)}</time>
      </span>
      {base.note === undefined ? null : <em>{base.note}</em>}
    </p>
    {isOffline ? (
      <span className="badge" data-level="low">
        as of when the hub last answered
      </span>
    ) : null}
  </header>
)

interface SampleProps {
  readonly sample: Sample
  readonly failure: string | undefined
  readonly onChange: (sample: Sample) => void
}

const SampleCart = ({ failure, onChange, sample }: SampleProps) => (
  <section className="sample" aria-label="The cart that messages are shown for">
    <label>
      Messages for
      <input
        placeholder="Blue mug"
        value={sample.goods}
        disabled={sample.cart !== ""}
        onChange={({ target }) => onChange({ ...sample, goods: target.value })}
      />
    </label>
    <label>
      or a cart that there is
      <input
        placeholder="its id"
        value={sample.cart}
        onChange={({ target }) => onChange({ ...sample, cart: target.value })}
      />
    </label>
    {failure === undefined ? null : (
      <p className="field-fault" role="alert">
        {failure}
      </p>
    )}
  </section>
)
