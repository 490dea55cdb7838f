/**
 * What an editor does to settings, as functions from settings to settings. Whatever comes of it is judged by the hub.
 */
import type { RecoverySettings, RuledSequence } from "../../../actors/recovery/settings.ts"
import type { Template } from "../../../actors/recovery/template.ts"
import { UNITS } from "./duration.ts"

export type Step = RuledSequence["steps"][number]

export const replacedAt = <A>(list: ReadonlyArray<A>, index: number, value: A): ReadonlyArray<A> =>
  list.map((one, at) => (at === index ? value : one))

export const withoutAt = <A>(list: ReadonlyArray<A>, index: number): ReadonlyArray<A> =>
  list.filter((_one, at) => at !== index)

export const moved = <A>(list: ReadonlyArray<A>, index: number, by: -1 | 1): ReadonlyArray<A> => {
  const [one, other] = [list[index], list[index + by]]
  return one === undefined || other === undefined ? list : replacedAt(replacedAt(list, index, other), index + by, one)
}

/** The message changes its place in time: the moments stay. */
export const movedStep = (steps: ReadonlyArray<Step>, index: number, by: -1 | 1): ReadonlyArray<Step> =>
  moved(steps, index, by).map((step, at) => ({ ...step, delayMs: steps[at]?.delayMs ?? step.delayMs }))

export const addedStep = (steps: ReadonlyArray<Step>, template: string): ReadonlyArray<Step> => {
  const last = steps.at(-1)
  const delayMs = last === undefined ? 0 : last.delayMs + UNITS.days
  return [...steps, { delayMs, channels: last?.channels ?? ["email"], template, mayOffer: false }]
}

/** `name`, or the first of `name-2`, `name-3` that is free. */
export const freeName = (name: string, taken: ReadonlyArray<string>): string => {
  for (let count = 1; ; count++) {
    const candidate = count === 1 ? name : `${name}-${count}`
    if (!taken.includes(candidate)) return candidate
  }
}

export const takesAll = ({ fits }: RuledSequence): boolean => Object.values(fits).every((value) => value === undefined)

/** A copy of the chosen one, before the one that takes every cart: behind it nothing would come to it. */
export const addedSequence = (
  settings: RecoverySettings,
  like: RuledSequence
): { readonly settings: RecoverySettings; readonly index: number } => {
  const { sequences } = settings
  const last = sequences.findIndex(takesAll)
  const index = last < 0 ? sequences.length : last
  const sequenceId = freeName(
    "new",
    sequences.map((one) => one.sequenceId)
  )
  const added: RuledSequence = { ...like, sequenceId, fits: { reason: "left-checkout" } }
  return { settings: { ...settings, sequences: sequences.toSpliced(index, 0, added) }, index }
}

const entriesWith = (
  templates: RecoverySettings["templates"],
  change: (name: string, template: Template) => ReadonlyArray<readonly [string, Template]>
): RecoverySettings["templates"] =>
  Object.fromEntries(Object.entries(templates).flatMap(([name, template]) => change(name, template)))

export const withTemplate = (settings: RecoverySettings, name: string, template: Template): RecoverySettings => ({
  ...settings,
  templates: { ...settings.templates, [name]: template }
})

export const withoutTemplate = (settings: RecoverySettings, name: string): RecoverySettings => ({
  ...settings,
  templates: entriesWith(settings.templates, (one, template) => (one === name ? [] : [[one, template]]))
})

/** Steps that say it go on saying it. A name that is taken is not given twice. */
export const renamedTemplate = (settings: RecoverySettings, from: string, to: string): RecoverySettings => {
  if (from === to || Object.hasOwn(settings.templates, to)) return settings
  return {
    ...settings,
    templates: entriesWith(settings.templates, (one, template) => [[one === from ? to : one, template]]),
    sequences: settings.sequences.map((sequence) => ({
      ...sequence,
      steps: sequence.steps.map((step) => (step.template === from ? { ...step, template: to } : step))
    }))
  }
}

/** A version from before the rules of offers stood among the settings says nothing of them: those of now stay. */
export const restored = (now: RecoverySettings, then: RecoverySettings): RecoverySettings => ({
  ...then,
  ...(then.offers === undefined && now.offers !== undefined ? { offers: now.offers } : {})
})

/** Without a field that is empty: an absent wish is none. */
export const withField = <A extends object, K extends keyof A>(fields: A, name: K, value: A[K] | undefined): A => {
  const { [name]: _before, ...others } = fields
  return (value === undefined || value === "" ? others : { ...others, [name]: value }) as A
}
