/**
 * Settings as somebody sends them. Everything that is wrong is told at once, each with its path and what to write instead,
 * because an editor shows all of it beside its fields.
 *
 * All of the settings are sent, not a part: what is left out is named, and not taken for a wish.
 */
import type { Fault } from "../../actors/recovery/sequence.ts"
import { type RecoverySettings, settingsFaults } from "../../actors/recovery/settings.ts"
import { faultsBySchema } from "../gateway/decode-by-schema.ts"
import { at } from "../gateway/decode.ts"
import { mended } from "../gateway/mended.ts"
import { RecoverySettings as SettingsSchema } from "../gateway/openapi/recovery-bodies.ts"

export interface ReadSettings {
  /** What could be read; something made up stands in place of the rest. */
  readonly settings: RecoverySettings
  readonly faults: ReadonlyArray<Fault>
}

/** Offers are made, and no message could carry the code of one. */
const CODELESS: Fault = {
  path: "offers",
  message:
    "The recovery file's cartUrl has no {offer} in it, where the code is to stand: add it and start the hub again."
}

/** `hasCodePlace`: links have a place for the code of an offer. */
export const readSettings = (value: unknown, hasCodePlace = true): ReadSettings => {
  const path = "settings"
  const faultsOfShape = faultsBySchema(SettingsSchema, value).map(atItsField)
  const unread = new Set(faultsOfShape.map((fault) => fault.path))
  // What could not be read needs not be told a second time for what is in it, or stands in its place.
  const isWithinUnread = (fault: Fault): boolean => ancestorsOf(fault.path).some((above) => unread.has(above))
  const unreadable = faultsOfShape.filter((fault) => !isWithinUnread(fault))
  const read = mended(SettingsSchema, value)
  const hasReadOffers = !unreadable.some((fault) => fault.path === "offers" || fault.path.startsWith("offers."))
  const settings = hasReadOffers ? read : { ...read, offers: null }
  const meant = settingsFaults(settings).filter((fault) => !unread.has(fault.path) && !isWithinUnread(fault))
  const isCodeless = settings.offers !== null && !hasCodePlace
  const faults = [...unreadable, ...meant, ...(isCodeless ? [CODELESS] : [])].map((fault) => ({
    ...fault,
    path: fault.path === "" ? path : at(path, fault.path)
  }))
  return { settings, faults }
}

/** The terms of an offer are one field for whoever edits them. */
const atItsField = (fault: Fault): Fault => ({
  ...fault,
  path: fault.path.replace(/(catalogue\[\d+\]\.terms)\..*/, "$1")
})

/** What a path is in: of `a[0].b`, `a[0]`, `a` and the whole. */
const ancestorsOf = (path: string): ReadonlyArray<string> =>
  path === "" ? [] : ["", ...Array.from(path.matchAll(/[.[]/g), ({ index }) => path.slice(0, index))]
