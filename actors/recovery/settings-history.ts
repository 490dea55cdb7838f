/**
 * The settings of recovery over time: who changed them when, and what they were when a recovery began.
 *
 * H1 Versions follow one after the other. H2 A change is made to the version that its maker has seen, or not at all: what
 * somebody else saved meanwhile is not lost. H3 What is there already is no new version.
 */
import type { IncentivePolicy } from "./incentive-rules.ts"
import type { Offer } from "./offer.ts"
import type { Recovery } from "./recovery.ts"
import { type Sequence, SEQUENCE_DEFAULT } from "./sequence.ts"
import { type RecoverySettings, sequenceNamed, settingsWith, type SettingsVersion } from "./settings.ts"

/**
 * Of a few kilobytes each. A recovery lasts at most 30 days, so whoever saves less than 33 times a day keeps what every
 * running one began with. Older versions stay in the journal.
 */
export const VERSIONS_MAX = 1_000

/** Before anything was set: the built-in sequence and rules, without words. */
const UNSET: SettingsVersion = { version: 0, at: 0, by: "", settings: settingsWith({}) }

export class SettingsHistory {
  private readonly versions: Array<SettingsVersion> = []

  get current(): SettingsVersion {
    return this.versions.at(-1) ?? UNSET
  }

  /** The newest first. */
  get all(): ReadonlyArray<SettingsVersion> {
    return this.versions.toReversed()
  }

  /** Every one that is kept, the oldest first. */
  get kept(): ReadonlyArray<SettingsVersion> {
    return this.versions
  }

  find(version: number): SettingsVersion | undefined {
    if (version === 0) return this.versions.length === 0 ? UNSET : undefined
    return this.versions[version - (this.versions[0]?.version ?? 1)]
  }

  /** Those that a recovery began with; the oldest that is known, should they be forgotten. */
  of({ sequenceVersion }: Pick<Recovery, "sequenceVersion">): SettingsVersion {
    return this.find(sequenceVersion) ?? this.versions[0] ?? UNSET
  }

  sequenceOf(recovery: Pick<Recovery, "sequenceId" | "sequenceVersion">): Sequence {
    return sequenceNamed(this.of(recovery), recovery.sequenceId) ?? SEQUENCE_DEFAULT
  }

  /** The rules that an offer was made by, whatever they are now; those of now where it does not say. */
  rulesOf({ settingsVersion }: Pick<Offer, "settingsVersion">): IncentivePolicy | undefined {
    const madeBy = settingsVersion === undefined ? undefined : this.find(settingsVersion)
    return madeBy?.settings.offers ?? this.current.settings.offers ?? undefined
  }

  /** One that is there already changes nothing. */
  apply(version: SettingsVersion): void {
    if (version.version <= this.current.version) return
    this.versions.push(version)
    if (this.versions.length > VERSIONS_MAX) this.versions.shift()
  }
}

export interface ChangeSettings {
  /** What its maker has seen; 0: nothing. */
  readonly expectedVersion: number
  readonly by: string
  readonly note?: string
  readonly settings: RecoverySettings
}

/** `undefined` where nothing changes; `conflict` where somebody else was faster. */
export const decideSettings = (
  { current }: Pick<SettingsHistory, "current">,
  { by, expectedVersion, note, settings }: ChangeSettings,
  at: number
): SettingsVersion | "conflict" | undefined => {
  if (JSON.stringify(settings) === JSON.stringify(current.settings)) return undefined
  if (expectedVersion !== current.version) return "conflict"
  return { version: current.version + 1, at, by, ...(note === undefined ? {} : { note }), settings }
}
