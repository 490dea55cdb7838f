/**
 * The first settings: the built-in sequence and rules with the words and the offers of the recovery file. As long as nobody
 * has saved others, the file counts, and what is changed in it is the next version at the next start.
 *
 * Hubs that kept versions before the rules of offers were among them had those in the file alone: there the file is asked for
 * them once more, whoever has saved what else there is.
 */
import type { SetRecoverySettings } from "../../actors/customer/commands.ts"
import type { IncentivePolicy } from "../../actors/recovery/incentive-rules.ts"
import { readIncentives } from "../../actors/recovery/read-incentives.ts"
import { type RecoverySettings, settingsFaults, settingsWith } from "../../actors/recovery/settings.ts"
import type { SettingsHistory } from "../../actors/recovery/settings-history.ts"
import { BUILT_IN_TEMPLATES, type RecoveryConfig } from "../../config/recovery.ts"

/** What the file says cannot be decided by; the message says where and what to write instead. */
export class WrongSeed extends Error {
  override readonly name = "WrongSeed"
}

/** Who saves what nobody has saved: a name that is not taken from anybody else. */
export const BY_HUB = "holdfast"

/** None: there is nothing to be saved. Throws `WrongSeed`. */
export const seedOf = (
  history: Pick<SettingsHistory, "all" | "current">,
  config: RecoveryConfig | undefined
): SetRecoverySettings | undefined => {
  const { current } = history
  const isOurs = history.all.every(({ by }) => by === BY_HUB)
  if (!isOurs && current.settings.offers !== undefined) return undefined
  const settings = seeded(current, isOurs, config)
  const [fault] = isOurs ? settingsFaults(settings) : []
  if (fault !== undefined) throw new WrongSeed(`The recovery file: ${fault.path}: ${fault.message}`)
  if (JSON.stringify(settings) === JSON.stringify(current.settings)) return undefined
  const { version } = current
  return {
    type: "recovery-settings",
    mutationId: `seed:${version}`,
    expectedVersion: version,
    by: BY_HUB,
    note: isOurs ? noteOf(config) : offersNote(settings),
    settings
  }
}

const noteOf = (config: RecoveryConfig | undefined): string =>
  config === undefined ? "As the hub comes." : "With the words and the offers of the recovery file."

const offersNote = ({ offers }: RecoverySettings): string =>
  offers === null
    ? "Without offers: the recovery file has no rules of them."
    : "With the rules of offers, which stood in the recovery file alone."

/** The rules that come with a later release are no change of somebody's. */
const seeded = (
  { settings, version }: SettingsHistory["current"],
  isOurs: boolean,
  config: RecoveryConfig | undefined
): RecoverySettings => {
  const offers = offersIn(config)
  if (!isOurs) return { ...settings, offers }
  const { templates = BUILT_IN_TEMPLATES } = config ?? {}
  return version === 0 ? settingsWith(templates, offers) : { ...settings, templates, offers }
}

const offersIn = (config: RecoveryConfig | undefined): IncentivePolicy | null => {
  if (config?.offers === undefined) return null
  const read = readIncentives(config.offers)
  if (read.ok) return read.policy
  const [fault] = read.faults
  const path = ["offers", fault?.path].filter((part) => part !== "").join(".")
  throw new WrongSeed(`The recovery file: ${path}: ${fault?.message}`)
}
