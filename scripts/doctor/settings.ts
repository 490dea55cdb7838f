/**
 * The settings: what would keep the hub from starting, and what it would start with and nobody can have meant.
 */
import { existsSync } from "node:fs"
import { join } from "node:path"
import { isHere } from "../../config/address.ts"
import { isLiveKey, type PaymentsConfig, readPayments } from "../../config/payments.ts"
import { accessOptions } from "../../src/access/mode.ts"
import { MASTER_KEY_FILE, masterKey } from "../../src/personal-data/master-key.ts"
import type { ReadSettings } from "../../src/reloading.ts"
import { alertsIn, channelsIn, outreachIn, queriesIn, recoveryIn } from "../../src/start-settings.ts"
import { type Finding, well, wrong } from "./finding.ts"
import { isOpenToOthers } from "./home.ts"

export interface SettingsToLookAt extends ReadSettings {
  readonly environment: NodeJS.ProcessEnv
}

const ABOUT = "settings"

export const settings = (of: SettingsToLookAt): ReadonlyArray<Finding> => {
  const { config, environment } = of
  const found = [
    ...unreadable("See ALERT_ in CONFIGURATION.md.", () => alertsIn(environment)),
    ...unreadable("See CHANNELS.md.", () => channelsIn(config, environment)),
    ...unreadable("See OUTREACH.md.", () => outreachIn(config, environment)),
    // Payments that are set by halves are found below.
    ...unreadable("See RECOVERY.md.", () => recoveryIn(config, isSet(environment["STRIPE_SECRET_KEY"]))),
    ...unreadable("See GRAPHQL.md.", () => queriesIn(config)),
    ...masterKeyFound(of),
    ...payments(of),
    ...doors(of)
  ]
  return found.length > 0 ? found : [well(ABOUT, "they can be read, and go together")]
}

/** What the hub itself would say, and not start. */
const unreadable = (todo: string, read: () => unknown): ReadonlyArray<Finding> => {
  try {
    read()
    return []
  } catch (cause) {
    return [wrong(ABOUT, cause instanceof Error ? cause.message : String(cause), todo)]
  }
}

const isSet = (value: string | undefined): boolean => value !== undefined && value !== ""

/** Where there is none the start makes it; that others can read the one in the home is told of that file (`home.ts`). */
const masterKeyFound = ({ config, environment }: SettingsToLookAt): ReadonlyArray<Finding> => {
  const { PERSONAL_DATA_KEY: given } = environment
  const file = join(config.home, MASTER_KEY_FILE)
  if (!isSet(given) && (!existsSync(file) || isOpenToOthers(file))) return []
  return unreadable("Put back the key that the data was sealed with.", () => masterKey(given, config.home, false))
}

const payments = ({ environment }: SettingsToLookAt): ReadonlyArray<Finding> => {
  let read: PaymentsConfig | undefined
  const failed = unreadable("See Payments in CONFIGURATION.md.", () => (read = readPayments(environment)))
  if (read === undefined || isHere(read.publicUrl) || isLiveKey(read.secretKey)) return failed
  return [
    wrong(
      ABOUT,
      "STRIPE_SECRET_KEY is a key of Stripe's test mode, and customers reach this hub at PUBLIC_URL: whoever pays pays nothing.",
      "Set the live key and its webhook's secret, or a PUBLIC_URL of this machine."
    )
  ]
}

/** A hub that everybody may use, and that others than this machine reach. */
const doors = ({ access, config, environment }: SettingsToLookAt): ReadonlyArray<Finding> => {
  const options = accessOptions(access, config.host)
  if ("wrong" in options) return [wrong(ABOUT, options.wrong, "See ACCESS.md.")]
  if (options.mode !== "open") return []
  const { PUBLIC_URL: publicUrl = "" } = environment
  const reached = URL.canParse(publicUrl) && !isHere(publicUrl) ? "PUBLIC_URL" : undefined
  const why = options.proxiesTrusted > 0 ? "PROXIES_TRUSTED" : reached
  if (why === undefined) return []
  return [
    wrong(
      ABOUT,
      `${why} says that others reach this hub through a proxy, and it is open: whoever the proxy lets through may do everything.`,
      "Set HOLDFAST_ACCESS=required (ACCESS.md)."
    )
  ]
}
