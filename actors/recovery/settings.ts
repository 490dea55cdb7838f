/**
 * Everything by which carts are won back and that somebody may want otherwise: the sequences and whom each is for, what
 * messages say, the rules of contact and of offers.
 *
 * G1 Only settings without faults are decided by. G2 The first sequence that fits a cart is taken; where none fits, nobody
 * is written to. G3 A version of the settings is a version of each of its sequences.
 */
import { ATTRIBUTION_WINDOW_MS_DEFAULT } from "./attribution.ts"
import type { IncentivePolicy } from "./incentive-rules.ts"
import type { Abandonment } from "./may-reach.ts"
import { type ContactPolicy, POLICY_DEFAULT } from "./policy.ts"
import { type Fault, faultsOf, published, type Sequence, SEQUENCE_DEFAULT, type SequenceDraft } from "./sequence.ts"
import { contactFaults, incentiveFaults } from "./settings-faults.ts"
import { type Template, templateFaults } from "./template.ts"

/** The carts that a sequence is for; what is absent is not asked. */
export interface Fits {
  readonly reason?: "left-checkout" | "idle-cart"
  readonly segment?: string
  /** The cart's total, from and below; both in `currency`. */
  readonly minimumMinor?: number
  readonly belowMinor?: number
  readonly currency?: string
}

export interface RuledSequence extends SequenceDraft {
  readonly fits: Fits
}

export interface RecoverySettings {
  readonly sequences: ReadonlyArray<RuledSequence>
  readonly templates: Readonly<Record<string, Template>>
  readonly contact: ContactPolicy
  /** So long after a message a purchase is put down to it. */
  readonly attributionMs: number
  /**
   * By which offers are made; `null`: none are. Absent in what a hub saved that had them in its recovery file alone: the
   * first start of one that keeps them here adds them (see `src/recovery/seed.ts`).
   */
  readonly offers?: IncentivePolicy | null
}

/** A shop that needs more than these has another problem; each is asked on every cart that is left. */
export const SEQUENCES_MAX = 16
export const TEMPLATES_MAX = 32
const SEGMENT_LENGTH_MAX = 64
/** Beyond it the lists of sent messages have forgotten. */
const ATTRIBUTION_MS_MAX = 30 * 86_400_000

export const settingsWith = (
  templates: Readonly<Record<string, Template>>,
  offers: IncentivePolicy | null = null
): RecoverySettings => {
  const { version: _version, ...sequence } = SEQUENCE_DEFAULT
  return {
    sequences: [{ ...sequence, fits: {} }],
    templates,
    contact: POLICY_DEFAULT,
    attributionMs: ATTRIBUTION_WINDOW_MS_DEFAULT,
    offers
  }
}

export interface SettingsVersion {
  /** 1 for the first, one more for each change. */
  readonly version: number
  readonly at: number
  /** Who changed it, as they call themselves. */
  readonly by: string
  readonly note?: string
  readonly settings: RecoverySettings
}

/** For a cart that was left; `undefined`: none is for it. */
export const sequenceFor = (
  { settings, version }: Pick<SettingsVersion, "settings" | "version">,
  left: Abandonment["left"]
): Sequence | undefined => {
  const found = settings.sequences.find(({ fits }) => isFor(fits, left))
  return found === undefined ? undefined : published(found, version)
}

export const sequenceNamed = (
  { settings, version }: Pick<SettingsVersion, "settings" | "version">,
  sequenceId: string
): Sequence | undefined => {
  const found = settings.sequences.find((one) => one.sequenceId === sequenceId)
  return found === undefined ? undefined : published(found, version)
}

const isFor = (fits: Fits, left: Abandonment["left"]): boolean => {
  if (fits.reason !== undefined && fits.reason !== left?.reason) return false
  if (fits.segment !== undefined && fits.segment !== left?.segment) return false
  if (fits.currency !== undefined && fits.currency !== left?.currency) return false
  const totalMinor = left?.totalMinor
  if (fits.minimumMinor !== undefined && !(totalMinor !== undefined && totalMinor >= fits.minimumMinor)) return false
  return fits.belowMinor === undefined || (totalMinor !== undefined && totalMinor < fits.belowMinor)
}

/** Everything that is wrong, each with its path from the top. None: it may be decided by. */
export const settingsFaults = (settings: RecoverySettings): ReadonlyArray<Fault> => {
  const { attributionMs, contact, offers, sequences, templates } = settings
  const faults: Array<Fault> = []
  const names = new Set(Object.keys(templates))
  if (sequences.length > SEQUENCES_MAX || sequences.length === 0) {
    faults.push({ path: "sequences", message: `There must be 1 to ${SEQUENCES_MAX} sequences.` })
  }
  for (const [index, sequence] of sequences.slice(0, SEQUENCES_MAX).entries()) {
    const path = `sequences[${index}]`
    faults.push(...under(path, faultsOf(sequence, names)), ...fitsFaults(sequence.fits, `${path}.fits`))
    const before = sequences.slice(0, index)
    if (before.some(({ sequenceId }) => sequenceId === sequence.sequenceId)) {
      faults.push({ path: `${path}.sequenceId`, message: "Each sequence must have a name of its own." })
    }
    if (before.some(({ fits }) => Object.values(fits).every((value) => value === undefined))) {
      faults.push({ path: `${path}.fits`, message: "A sequence before this one takes every cart; put it after this." })
    }
  }
  if (names.size > TEMPLATES_MAX) {
    faults.push({ path: "templates", message: `There may be at most ${TEMPLATES_MAX} templates.` })
  }
  for (const [name, template] of Object.entries(templates).slice(0, TEMPLATES_MAX)) {
    const path = `templates.${name}`
    if (!/^[\w-]{1,64}$/.test(name)) {
      faults.push({ path, message: 'A template\'s name has 1 to 64 letters, digits, "-" and "_".' })
    }
    faults.push(...templateFaults(template, path))
  }
  faults.push(...under("contact", contactFaults(contact)))
  if (!Number.isSafeInteger(attributionMs) || attributionMs < 60_000 || attributionMs > ATTRIBUTION_MS_MAX) {
    const message = `The attribution window must be from 60000 to ${ATTRIBUTION_MS_MAX} milliseconds (30 days).`
    faults.push({ path: "attributionMs", message })
  }
  if (offers !== undefined && offers !== null) faults.push(...under("offers", incentiveFaults(offers)))
  return faults
}

const under = (path: string, faults: ReadonlyArray<Fault>): ReadonlyArray<Fault> =>
  faults.map((fault) => ({ ...fault, path: `${path}.${fault.path}` }))

const fitsFaults = ({ belowMinor, currency, minimumMinor, segment }: Fits, path: string): ReadonlyArray<Fault> => {
  const faults: Array<Fault> = []
  const demand = (holds: boolean, field: string, message: string) => {
    if (!holds) faults.push({ path: `${path}.${field}`, message })
  }
  const isAmount = (value: number | undefined, least: number) =>
    value === undefined || (Number.isSafeInteger(value) && value >= least)
  demand(isAmount(minimumMinor, 0), "minimumMinor", "Write whole minor units from 0, such as 5000 for 50.00.")
  demand(isAmount(belowMinor, 1), "belowMinor", "Write whole minor units from 1, such as 5000 for 50.00.")
  demand(
    !((belowMinor ?? Infinity) <= (minimumMinor ?? 0)),
    "belowMinor",
    "No cart is below this and above the minimum."
  )
  const isCurrency = currency !== undefined && /^[A-Z]{3}$/.test(currency)
  const needsCurrency = minimumMinor !== undefined || belowMinor !== undefined
  demand(
    isCurrency || (currency === undefined && !needsCurrency),
    "currency",
    "Name the currency of the amounts by three capital letters, such as GBP."
  )
  const isSegment = segment === undefined || (segment.trim() !== "" && segment.length <= SEGMENT_LENGTH_MAX)
  demand(isSegment, "segment", `A segment has 1 to ${SEGMENT_LENGTH_MAX} characters; leave it out for all.`)
  return faults
}
