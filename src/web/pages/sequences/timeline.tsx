/**
 * One sequence as a line in time: from the moment the cart was left to the end, each step with what it says beside it.
 */
import type { RecoverySettings, RuledSequence } from "../../../../actors/recovery/settings.ts"
import type { PreviewStep } from "../../../recovery/protocol.ts"
import { Box } from "../../app/parts.tsx"
import { spoken } from "../../recovery/duration.ts"
import { addedStep, movedStep, replacedAt, type Step, withoutAt } from "../../recovery/edit.ts"
import { ChannelChoice } from "./channel-choice.tsx"
import { Check, DurationField, GroupFault, SelectField, SignButton } from "./fields.tsx"
import { Messages } from "./messages.tsx"
import { useLeftAfter } from "./use-left-after.ts"

interface TimelineProps {
  readonly path: string
  readonly sequence: RuledSequence
  readonly settings: RecoverySettings
  readonly onChange: (sequence: RuledSequence) => void
  readonly preview: ReadonlyArray<PreviewStep> | undefined
  readonly isPreviewOld: boolean
}

export const Timeline = ({ isPreviewOld, onChange, path, preview, sequence, settings }: TimelineProps) => {
  const { steps } = sequence
  const templates = Object.keys(settings.templates)
  const leftAfter = useLeftAfter()
  const setSteps = (next: ReadonlyArray<Step>): void => onChange({ ...sequence, steps: next })
  return (
    <Box id="timeline-title" title="Time line" note="Delays count from the moment the cart was left.">
      <GroupFault path={`${path}.steps`} />
      <ol className="timeline" aria-label="Steps">
        <li className="timeline-mark">The cart is left: {leftAfter}</li>
        {steps.map((step, index) => (
          // A step has no name of its own: its place is what it is known by.
          // oxlint-disable-next-line react/no-array-index-key
          <li key={index} className="timeline-step">
            <StepCard
              path={`${path}.steps[${index}]`}
              index={index}
              count={steps.length}
              step={step}
              templates={templates}
              onChange={(next) => setSteps(replacedAt(steps, index, next))}
              onMove={(by) => setSteps(movedStep(steps, index, by))}
              onRemove={() => setSteps(withoutAt(steps, index))}
            />
            <Messages
              of={`step ${index + 1}`}
              messages={preview === undefined ? undefined : (preview[index]?.messages ?? [])}
              example={preview?.[index]?.example}
              isOld={isPreviewOld}
            />
          </li>
        ))}
        <li className="timeline-mark" data-end={true}>
          <button type="button" className="button" onClick={() => setSteps(addedStep(steps, templates[0] ?? ""))}>
            Add a step
          </button>
          <span className="quiet">After {spoken(sequence.expiresMs)} nothing more is said.</span>
        </li>
      </ol>
      <div className="field-grid">
        <DurationField
          path={`${path}.gapMs`}
          label="At least between two messages"
          valueMs={sequence.gapMs}
          onChange={(gapMs) => onChange({ ...sequence, gapMs })}
        />
        <DurationField
          path={`${path}.expiresMs`}
          label="Ends after"
          valueMs={sequence.expiresMs}
          onChange={(expiresMs) => onChange({ ...sequence, expiresMs })}
        />
      </div>
    </Box>
  )
}

interface StepCardProps {
  readonly path: string
  readonly index: number
  readonly count: number
  readonly step: Step
  readonly templates: ReadonlyArray<string>
  readonly onChange: (step: Step) => void
  readonly onMove: (by: -1 | 1) => void
  readonly onRemove: () => void
}

const StepCard = ({ count, index, onChange, onMove, onRemove, path, step, templates }: StepCardProps) => {
  const name = `step ${index + 1}`
  const options = templates.includes(step.template) ? templates : [step.template, ...templates]
  return (
    <fieldset className="step">
      <legend className="visually-hidden">Step {index + 1}</legend>
      <header className="step-head">
        <span className="step-when">{step.delayMs === 0 ? "At once" : `After ${spoken(step.delayMs)}`}</span>
        <span className="step-tools">
          <SignButton label={`Move ${name} up`} sign="↑" isDisabled={index === 0} onClick={() => onMove(-1)} />
          <SignButton label={`Move ${name} down`} sign="↓" isDisabled={index === count - 1} onClick={() => onMove(1)} />
          <SignButton label={`Remove ${name}`} sign="×" onClick={onRemove} />
        </span>
      </header>
      <div className="field-grid">
        <DurationField
          path={`${path}.delayMs`}
          label="After"
          valueMs={step.delayMs}
          onChange={(delayMs) => onChange({ ...step, delayMs })}
        />
        <SelectField
          path={`${path}.template`}
          label="Text"
          value={step.template}
          options={options.map((one) => [one, one] as const)}
          onChange={(template) => onChange({ ...step, template })}
        />
      </div>
      <ChannelChoice
        path={`${path}.channels`}
        of={name}
        channels={step.channels}
        onChange={(channels) => onChange({ ...step, channels })}
      />
      <Check
        label="An offer may go with it"
        isChecked={step.mayOffer}
        onChange={(mayOffer) => onChange({ ...step, mayOffer })}
      />
    </fieldset>
  )
}
