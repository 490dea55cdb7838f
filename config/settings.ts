/**
 * Every setting that a hub takes from its environment, in groups: what `holdfast config` prints and CONFIGURATION.md holds.
 */
import { accessSettings } from "./access.ts"
import { alertSettings } from "./alerts.ts"
import { hubSettings } from "./config.ts"
import { paymentSettings } from "./payments.ts"
import { type Setting, told } from "./setting.ts"

export interface SettingGroup {
  readonly title: string
  readonly settings: ReadonlyArray<Setting>
}

const personalDataSettings = [
  told(
    "PERSONAL_DATA_KEY",
    "32 bytes in base64, as `openssl rand -base64 32` prints",
    "Seals the names, numbers and addresses of customers; without it personal-data.key in the home, made at the first start.",
    { secret: true }
  )
]

export const settingGroups: ReadonlyArray<SettingGroup> = [
  { title: "The hub", settings: Object.values(hubSettings).map(({ setting }) => setting) },
  { title: "Access control", settings: Object.values(accessSettings).map(({ setting }) => setting) },
  { title: "Personal data", settings: personalDataSettings },
  { title: "Payments", settings: paymentSettings },
  { title: "Alerts", settings: alertSettings }
]
