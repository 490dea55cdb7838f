/**
 * What a hub is told so that it writes to shoppers by the Twilio of this machine, and who they are to it.
 */
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { isHeldOut } from "../../actors/recovery/holdout.ts"
import { POLICY_DEFAULT } from "../../actors/recovery/policy.ts"
import { ACCOUNT_SID, AUTH_TOKEN, NUMBER } from "../carriers/twilio/server.ts"

export interface TextsOptions {
  readonly folder: string
  /** Where the hub is reached, for the callbacks. */
  readonly publicUrl: string
  readonly twilioUrl: string
  /** Of the carrier, as in OUTREACH.md. */
  readonly patience?: Readonly<Record<string, unknown>>
  /** Of the recovery file. */
  readonly recovery?: Readonly<Record<string, unknown>>
}

const LINK = "https://shop.example/cart/"

/** Writes the files; answers the environment that names them. */
export const textsBy = ({ folder, publicUrl, twilioUrl, patience, recovery }: TextsOptions) => {
  const [outreachFile, recoveryFile] = [join(folder, "outreach.json"), join(folder, "recovery.json")]
  const settings = { accountSid: ACCOUNT_SID, authToken: AUTH_TOKEN, sms: { from: NUMBER }, apiUrl: twilioUrl }
  const carriers = [{ name: "texts", kind: "twilio", ...patience, settings }]
  writeFileSync(outreachFile, JSON.stringify({ publicUrl, carriers }))
  writeFileSync(recoveryFile, JSON.stringify({ cartUrl: `${LINK}{cart}?from={attempt}`, link: "cart", ...recovery }))
  return { OUTREACH_FILE: outreachFile, RECOVERY_FILE: recoveryFile }
}

/** The cart and the attempt in the link of a text. */
export const linkIn = (text: string): { readonly cart: string; readonly attempt: string } | undefined => {
  const found = /https:\/\/shop\.example\/cart\/([^?\s]+)\?from=([\w-]+)/.exec(text)
  return found === null ? undefined : { cart: decodeURIComponent(found[1] ?? ""), attempt: found[2] ?? "" }
}

/** Where it is noon now: nobody is written to at night. */
export const noonZone = (): string => {
  const ahead = 12 - new Date().getUTCHours()
  return `Etc/GMT${ahead > 0 ? "-" : "+"}${Math.abs(ahead)}`
}

/** Numbers of Ofcom's for drama, and as many after them as there are shoppers. */
export const phoneOf = (shopper: number): string => `+447${String(700_900_000 + shopper)}`

/** The hub leaves a share of the customers alone, so that it can measure what writing to the others earns. */
export const isLeftAlone = (customerId: string): boolean => isHeldOut(customerId, POLICY_DEFAULT)

/** What makes a customer reachable: a number with consent, and the zone where it is noon. */
export const introductions = (shopper: number): ReadonlyArray<Readonly<Record<string, unknown>>> => [
  { type: "point", mutationId: "point", channel: "sms", address: phoneOf(shopper), hasConsented: true },
  { type: "settings", mutationId: "settings", zone: noonZone() }
]
