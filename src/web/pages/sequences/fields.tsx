/**
 * Fields of the settings: each with its label, and beside it what the hub finds wrong with what is in it. A field's path is
 * the fault's path, and also its element's id, so that a list of faults can lead to it.
 */
import { createContext, type ReactNode, useContext, useState } from "react"
import { amountOf, minorOf } from "../../recovery/amount.ts"
import { clockOf, minuteOf, type Unit, unitOf, UNITS } from "../../recovery/duration.ts"

/** What is wrong, by path. */
export const FaultsContext = createContext<ReadonlyMap<string, string>>(new Map())

export const idOf = (path: string): string => `field:${path}`

interface Wired {
  readonly id: string
  readonly "aria-invalid": boolean
  readonly "aria-describedby": string | undefined
}

interface FieldProps {
  readonly path: string
  readonly label: string
  readonly hint?: string
  /** Seen by those who hear the page only. */
  readonly isLabelHidden?: boolean
  readonly children: (wired: Wired) => ReactNode
}

export const Field = ({ children, hint, isLabelHidden = false, label, path }: FieldProps) => {
  const fault = useContext(FaultsContext).get(path)
  const [id, faultId, hintId] = [idOf(path), `fault:${path}`, `hint:${path}`]
  const described = [hint === undefined ? undefined : hintId, fault === undefined ? undefined : faultId]
  return (
    <div className="field" data-wrong={fault === undefined ? undefined : true}>
      <label htmlFor={id} className={isLabelHidden ? "visually-hidden" : "field-label"}>
        {label}
      </label>
      {children({
        id,
        "aria-invalid": fault !== undefined,
        "aria-describedby": described.filter((one) => one !== undefined).join(" ") || undefined
      })}
      <div className="field-said">
        {hint === undefined ? null : (
          <p id={hintId} className="field-hint">
            {hint}
          </p>
        )}
        {fault === undefined ? null : (
          <p id={faultId} className="field-fault">
            {fault}
          </p>
        )}
      </div>
    </div>
  )
}

/** For what is no single field: a list, a group. */
export const GroupFault = ({ path }: { readonly path: string }) => {
  const fault = useContext(FaultsContext).get(path)
  return fault === undefined ? null : (
    <p id={idOf(path)} tabIndex={-1} className="field-fault">
      {fault}
    </p>
  )
}

type Common = Omit<FieldProps, "children">

interface TextProps extends Common {
  readonly value: string
  readonly onChange: (value: string) => void
  readonly rows?: number
  readonly placeholder?: string
}

export const TextField = ({ onChange, placeholder, rows, value, ...field }: TextProps) => (
  <Field {...field}>
    {(wired) =>
      rows === undefined ? (
        <input {...wired} value={value} placeholder={placeholder} onChange={({ target }) => onChange(target.value)} />
      ) : (
        <textarea {...wired} rows={rows} value={value} onChange={({ target }) => onChange(target.value)} />
      )
    }
  </Field>
)

interface NumberProps extends Common {
  /** No number: the field is empty. */
  readonly value: number
  readonly onChange: (value: number) => void
  readonly step?: number
  readonly unit?: string
}

export const NumberField = ({ onChange, step = 1, unit, value, ...field }: NumberProps) => (
  <Field {...field}>
    {(wired) => (
      <span className="field-row">
        <input
          {...wired}
          type="number"
          min={0}
          step={step}
          value={Number.isFinite(value) ? value : ""}
          onChange={({ target }) => onChange(target.value === "" ? Number.NaN : Number(target.value))}
        />
        {unit === undefined ? null : <span className="field-unit">{unit}</span>}
      </span>
    )}
  </Field>
)

interface AmountProps extends Common {
  /** No number, or none: the field is empty. */
  readonly minor: number | undefined
  readonly currency: string | undefined
  readonly onChange: (minor: number | undefined) => void
}

/** Written as people write amounts. */
export const AmountField = ({ currency, minor, onChange, ...field }: AmountProps) => (
  <NumberField
    {...field}
    step={0.01}
    {...(currency === undefined ? {} : { unit: currency })}
    value={amountOf(minor, currency)}
    onChange={(amount) => onChange(minorOf(amount, currency))}
  />
)

interface PercentProps extends Common {
  /** Hundredths of a percent; no number, or none: the field is empty. */
  readonly basisPoints: number | undefined
  readonly onChange: (basisPoints: number) => void
}

export const PercentField = ({ basisPoints = Number.NaN, onChange, ...field }: PercentProps) => (
  <NumberField
    {...field}
    unit="%"
    step={0.01}
    value={basisPoints / 100}
    onChange={(percent) => onChange(Math.round(percent * 100))}
  />
)

interface ShareProps extends Common {
  /** From 0 to 1. */
  readonly share: number
  readonly onChange: (share: number) => void
}

export const ShareField = ({ onChange, share, ...field }: ShareProps) => (
  <NumberField
    {...field}
    unit="%"
    step={0.1}
    value={Math.round(share * 100_000) / 1_000}
    onChange={(percent) => onChange(percent / 100)}
  />
)

interface DurationProps extends Common {
  readonly valueMs: number
  readonly onChange: (valueMs: number) => void
}

export const DurationField = ({ onChange, valueMs, ...field }: DurationProps) => {
  const [unit, setUnit] = useState<Unit>(() => unitOf(valueMs))
  const amount = Math.round((valueMs / UNITS[unit]) * 1_000) / 1_000
  const changeUnit = (next: Unit): void => {
    setUnit(next)
    if (Number.isFinite(amount)) onChange(Math.round(amount * UNITS[next]))
  }
  return (
    <Field {...field}>
      {(wired) => (
        <span className="field-row">
          <input
            {...wired}
            type="number"
            min={0}
            step="any"
            value={Number.isFinite(amount) ? amount : ""}
            onChange={({ target }) =>
              onChange(target.value === "" ? Number.NaN : Math.round(Number(target.value) * UNITS[unit]))
            }
          />
          <select
            aria-label={`${field.label}, unit`}
            value={unit}
            onChange={({ target }) => changeUnit(target.value as Unit)}
          >
            {Object.keys(UNITS).map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </span>
      )}
    </Field>
  )
}

interface ClockProps extends Common {
  readonly minute: number
  readonly onChange: (minute: number) => void
  readonly isEnd?: boolean
}

export const ClockField = ({ isEnd = false, minute, onChange, ...field }: ClockProps) => (
  <Field {...field}>
    {(wired) => (
      <input
        {...wired}
        type="time"
        value={clockOf(minute)}
        onChange={({ target }) => onChange(minuteOf(target.value, isEnd))}
      />
    )}
  </Field>
)

interface SelectProps extends Common {
  readonly value: string
  readonly options: ReadonlyArray<readonly [value: string, label: string]>
  readonly onChange: (value: string) => void
}

export const SelectField = ({ onChange, options, value, ...field }: SelectProps) => (
  <Field {...field}>
    {(wired) => (
      <select {...wired} value={value} onChange={({ target }) => onChange(target.value)}>
        {options.map(([one, label]) => (
          <option key={one} value={one}>
            {label}
          </option>
        ))}
      </select>
    )}
  </Field>
)

interface CheckProps {
  readonly label: string
  readonly isChecked: boolean
  readonly onChange: (isChecked: boolean) => void
}

export const Check = ({ isChecked, label, onChange }: CheckProps) => (
  <label className="check">
    <input type="checkbox" checked={isChecked} onChange={({ target }) => onChange(target.checked)} />
    {label}
  </label>
)

interface IconButtonProps {
  readonly label: string
  readonly sign: string
  readonly isDisabled?: boolean
  readonly onClick: () => void
}

/** Its label says what it does to what; the sign is what is seen. */
export const SignButton = ({ isDisabled = false, label, onClick, sign }: IconButtonProps) => (
  <button
    type="button"
    className="sign-button"
    aria-label={label}
    title={label}
    disabled={isDisabled}
    onClick={onClick}
  >
    <span aria-hidden="true">{sign}</span>
  </button>
)
