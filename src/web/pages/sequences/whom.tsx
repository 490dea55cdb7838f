/** The sequences there are, in the order they are asked, and the carts that the chosen one is for. */
import type { RecoverySettings, RuledSequence } from "../../../../actors/recovery/settings.ts"
import { Box } from "../../app/parts.tsx"
import { describedFits } from "../../recovery/described.ts"
import { moved, withField } from "../../recovery/edit.ts"
import { AmountField, GroupFault, SelectField, SignButton, TextField } from "./fields.tsx"

interface SequenceListProps {
  readonly settings: RecoverySettings
  readonly chosen: number
  readonly wrong: ReadonlySet<number>
  readonly onChoose: (index: number) => void
  readonly onAdd: () => void
  readonly onChange: (sequences: RecoverySettings["sequences"], chosen: number) => void
}

export const SequenceList = ({ chosen, onAdd, onChange, onChoose, settings, wrong }: SequenceListProps) => {
  const { sequences } = settings
  const [current] = sequences.slice(chosen)
  const move = (by: -1 | 1) => onChange(moved(sequences, chosen, by), chosen + by)
  return (
    <nav className="sequence-list" aria-label="Sequences">
      <ol className="sequence-choices">
        {sequences.map((sequence, index) => (
          // Names may be the same for as long as somebody writes one.
          // oxlint-disable-next-line react/no-array-index-key
          <li key={index}>
            <button
              type="button"
              className="sequence-choice"
              aria-current={index === chosen ? "true" : undefined}
              data-wrong={wrong.has(index) ? true : undefined}
              onClick={() => onChoose(index)}
            >
              <span>{sequence.sequenceId === "" ? "(no name)" : sequence.sequenceId}</span>
              <small>{describedFits(sequence.fits)}</small>
            </button>
          </li>
        ))}
      </ol>
      <div className="sequence-tools">
        <button type="button" className="button" onClick={onAdd}>
          Add a sequence
        </button>
        {current === undefined ? null : (
          <>
            <SignButton
              label={`Ask ${current.sequenceId} earlier`}
              sign="‹"
              isDisabled={chosen === 0}
              onClick={() => move(-1)}
            />
            <SignButton
              label={`Ask ${current.sequenceId} later`}
              sign="›"
              isDisabled={chosen === sequences.length - 1}
              onClick={() => move(1)}
            />
            <SignButton
              label={`Remove ${current.sequenceId}`}
              sign="×"
              isDisabled={sequences.length === 1}
              onClick={() =>
                onChange(
                  sequences.filter((_one, index) => index !== chosen),
                  Math.max(0, chosen - 1)
                )
              }
            />
          </>
        )}
      </div>
      <GroupFault path="sequences" />
    </nav>
  )
}

interface WhomProps {
  readonly path: string
  readonly sequence: RuledSequence
  readonly onChange: (sequence: RuledSequence) => void
}

export const Whom = ({ onChange, path, sequence }: WhomProps) => {
  const { fits } = sequence
  const set = <K extends keyof typeof fits>(name: K, value: (typeof fits)[K] | undefined): void =>
    onChange({ ...sequence, fits: withField(fits, name, value) })
  return (
    <Box
      id="whom-title"
      title="Whom it is for"
      note="The first sequence that fits a cart is taken; where none fits, nobody is written to."
    >
      <GroupFault path={`${path}.fits`} />
      <div className="field-grid">
        <TextField
          path={`${path}.sequenceId`}
          label="Name"
          value={sequence.sequenceId}
          onChange={(sequenceId) => onChange({ ...sequence, sequenceId })}
        />
        <SelectField
          path={`${path}.fits.reason`}
          label="The cart was left"
          value={fits.reason ?? ""}
          options={[
            ["", "either way"],
            ["left-checkout", "in checkout"],
            ["idle-cart", "idle, before checkout"]
          ]}
          onChange={(reason) => set("reason", reason as typeof fits.reason)}
        />
        <TextField
          path={`${path}.fits.segment`}
          label="Segment"
          placeholder="all"
          value={fits.segment ?? ""}
          onChange={(segment) => set("segment", segment)}
        />
        <AmountField
          path={`${path}.fits.minimumMinor`}
          label="Total from"
          currency={fits.currency}
          minor={fits.minimumMinor}
          onChange={(minor) => set("minimumMinor", minor)}
        />
        <AmountField
          path={`${path}.fits.belowMinor`}
          label="Total below"
          currency={fits.currency}
          minor={fits.belowMinor}
          onChange={(minor) => set("belowMinor", minor)}
        />
        <TextField
          path={`${path}.fits.currency`}
          label="Currency"
          placeholder="such as GBP"
          value={fits.currency ?? ""}
          onChange={(currency) => set("currency", currency.toUpperCase())}
        />
      </div>
    </Box>
  )
}
