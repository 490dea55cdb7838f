/**
 * The first settings: the built-in sequence and rules with the words of the recovery file. As long as nobody has saved
 * others, the file counts, and what is changed in it is the next version at the next start.
 */
import type { SetRecoverySettings } from "../../actors/customer/commands.ts"
import { settingsFaults, settingsWith } from "../../actors/recovery/settings.ts"
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
  if (history.all.some(({ by }) => by !== BY_HUB)) return undefined
  const seeded = settingsWith(config?.templates ?? BUILT_IN_TEMPLATES)
  // The rules that come with a later release are no change of somebody's.
  const settings = current.version === 0 ? seeded : { ...current.settings, templates: seeded.templates }
  const [fault] = settingsFaults(settings)
  if (fault !== undefined) throw new WrongSeed(`The recovery file: ${fault.path}: ${fault.message}`)
  if (JSON.stringify(settings) === JSON.stringify(current.settings)) return undefined
  const { version } = current
  return {
    type: "recovery-settings",
    mutationId: `seed:${version}`,
    expectedVersion: version,
    by: BY_HUB,
    note: config === undefined ? "As the hub comes." : "With the words of the recovery file.",
    settings
  }
}
