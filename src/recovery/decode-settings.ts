/**
 * Settings as somebody sends them. Everything that is wrong is told at once, each with its path and what to write instead,
 * because an editor shows all of it beside its fields.
 *
 * All of the settings are sent, not a part: what is left out is named, and not taken for a wish.
 */
import type { Cap } from "../../actors/recovery/caps.ts"
import type { ContactHours } from "../../actors/recovery/hours.ts"
import type { IncentivePolicy } from "../../actors/recovery/incentive-rules.ts"
import type { ContactPolicy } from "../../actors/recovery/policy.ts"
import { readAllIncentives } from "../../actors/recovery/read-incentives.ts"
import type { Fault, SequenceDraft } from "../../actors/recovery/sequence.ts"
import {
  type Fits,
  type RecoverySettings,
  type RuledSequence,
  SEQUENCES_MAX,
  settingsFaults,
  TEMPLATES_MAX
} from "../../actors/recovery/settings.ts"
import type { Template } from "../../actors/recovery/template.ts"
import { at, defined, type Fields, own } from "../gateway/decode.ts"

/** Far more than may be there, and not so many that naming what is wrong with them takes long. */
const ENTRIES_MAX = 64

export interface ReadSettings {
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
  const reader = new Reader()
  const settings = reader.settings(reader.fields(value, ""))
  // What could not be read needs not be told a second time for what is in it, or stands in its place.
  const unread = new Set(reader.faults.map((fault) => fault.path))
  const unreadable = reader.faults.filter((fault) => !ancestorsOf(fault.path).some((above) => unread.has(above)))
  const meant = settingsFaults(settings).filter(
    (fault) => !unread.has(fault.path) && !ancestorsOf(fault.path).some((above) => unread.has(above))
  )
  const isCodeless = settings.offers !== null && !hasCodePlace
  const faults = [...unreadable, ...meant, ...(isCodeless ? [CODELESS] : [])].map((fault) => ({
    ...fault,
    path: fault.path === "" ? path : at(path, fault.path)
  }))
  return { settings, faults }
}

/** What a path is in: of `a[0].b`, `a[0]`, `a` and the whole. */
const ancestorsOf = (path: string): ReadonlyArray<string> =>
  path === "" ? [] : ["", ...Array.from(path.matchAll(/[.[]/g), ({ index }) => path.slice(0, index))]

class Reader {
  readonly faults: Array<Fault> = []

  settings(fields: Fields): RecoverySettings {
    return {
      sequences: this.list(fields, "sequences", "", (one, path) => this.sequence(one, path), SEQUENCES_MAX),
      templates: this.record(fields, "templates", "", (one, path) => this.template(one, path), TEMPLATES_MAX),
      contact: this.contact(this.fields(own(fields, "contact"), "contact"), "contact"),
      attributionMs: this.number(fields, "attributionMs", ""),
      offers: this.offers(own(fields, "offers"), "offers")
    }
  }

  fields(value: unknown, path: string): Fields {
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Fields
    this.wrong(path, "Send a JSON object.")
    return {}
  }

  private wrong(path: string, message: string): void {
    this.faults.push({ path, message })
  }

  private number(fields: Fields, name: string, path: string): number {
    const value = own(fields, name)
    if (typeof value === "number") return value
    this.wrong(at(path, name), "Send a number.")
    return 0
  }

  private text(fields: Fields, name: string, path: string): string {
    const value = own(fields, name)
    if (typeof value === "string") return value
    this.wrong(at(path, name), "Send a text.")
    return ""
  }

  private flag(fields: Fields, name: string, path: string): boolean {
    const value = own(fields, name)
    if (typeof value === "boolean") return value
    this.wrong(at(path, name), "Send true or false.")
    return false
  }

  private optional<A>(fields: Fields, name: string, read: () => A): A | undefined {
    return own(fields, name) === undefined ? undefined : read()
  }

  private list<A>(
    fields: Fields,
    name: string,
    path: string,
    read: (value: unknown, path: string) => A,
    most = ENTRIES_MAX
  ): ReadonlyArray<A> {
    const value = own(fields, name)
    const where = at(path, name)
    if (Array.isArray(value) && value.length <= most) {
      return value.map((one: unknown, index) => read(one, `${where}[${index}]`))
    }
    this.wrong(where, `Send an array of at most ${most}.`)
    return []
  }

  private record<A>(
    fields: Fields,
    name: string,
    path: string,
    read: (value: unknown, path: string) => A,
    most = ENTRIES_MAX
  ): Readonly<Record<string, A>> {
    const where = at(path, name)
    const entries = Object.entries(this.fields(own(fields, name), where))
    if (entries.length > most) {
      this.wrong(where, `Send at most ${most}.`)
      return {}
    }
    const made = Object.create(null) as Record<string, A>
    for (const [key, value] of entries) made[key] = read(value, at(where, key))
    return made
  }

  private texts(fields: Fields, name: string, path: string): ReadonlyArray<string> {
    return this.list(fields, name, path, (value, where) => {
      if (typeof value === "string") return value
      this.wrong(where, "Send a text.")
      return ""
    })
  }

  private sequence(value: unknown, path: string): RuledSequence {
    const fields = this.fields(value, path)
    return {
      sequenceId: this.text(fields, "sequenceId", path),
      steps: this.list(fields, "steps", path, (one, where) => this.step(one, where)),
      gapMs: this.number(fields, "gapMs", path),
      expiresMs: this.number(fields, "expiresMs", path),
      fits: this.fits(this.fields(own(fields, "fits"), `${path}.fits`), `${path}.fits`)
    }
  }

  private step(value: unknown, path: string): SequenceDraft["steps"][number] {
    const fields = this.fields(value, path)
    return {
      delayMs: this.number(fields, "delayMs", path),
      channels: this.texts(fields, "channels", path),
      template: this.text(fields, "template", path),
      mayOffer: this.flag(fields, "mayOffer", path)
    }
  }

  private fits(fields: Fields, path: string): Fits {
    const reason = own(fields, "reason")
    if (reason !== undefined && reason !== "left-checkout" && reason !== "idle-cart") {
      this.wrong(`${path}.reason`, "Send left-checkout or idle-cart, or leave it out for both.")
    }
    return defined({
      reason: reason as Fits["reason"],
      segment: this.optional(fields, "segment", () => this.text(fields, "segment", path)),
      minimumMinor: this.optional(fields, "minimumMinor", () => this.number(fields, "minimumMinor", path)),
      belowMinor: this.optional(fields, "belowMinor", () => this.number(fields, "belowMinor", path)),
      currency: this.optional(fields, "currency", () => this.text(fields, "currency", path))
    }) as Fits
  }

  private template(value: unknown, path: string): Template {
    const fields = this.fields(value, path)
    return {
      text: this.text(fields, "text", path),
      subject: this.text(fields, "subject", path),
      approved: this.text(fields, "approved", path)
    }
  }

  private contact(fields: Fields, path: string): ContactPolicy {
    return defined({
      hours: this.hours(own(fields, "hours"), `${path}.hours`),
      hoursByCountry: this.record(fields, "hoursByCountry", path, (one, where) => this.hours(one, where), 250),
      zoneWhenUnknown: this.optional(fields, "zoneWhenUnknown", () => this.text(fields, "zoneWhenUnknown", path)),
      caps: this.list(fields, "caps", path, (one, where) => this.cap(one, where)),
      patienceMs: this.number(fields, "patienceMs", path),
      oneTextCountries: this.list(fields, "oneTextCountries", path, (one, where) => this.country(one, where), 250),
      textWithinMs: this.number(fields, "textWithinMs", path),
      holdoutShare: this.number(fields, "holdoutShare", path),
      holdoutSalt: this.text(fields, "holdoutSalt", path)
    }) as ContactPolicy
  }

  private offers(value: unknown, path: string): IncentivePolicy | null {
    if (value === null) return null
    if (value === undefined) {
      this.wrong(path, "Send the rules by which offers are made, or null where none are.")
      return null
    }
    const read = readAllIncentives(value)
    if (read.ok) return read.policy
    for (const fault of read.faults) this.wrong(fault.path === "" ? path : at(path, fault.path), fault.message)
    return null
  }

  private country(value: unknown, path: string): string {
    if (typeof value === "string") return value
    this.wrong(path, "Name the country by two capital letters, such as US.")
    return ""
  }

  private hours(value: unknown, path: string): ContactHours {
    const fields = this.fields(value, path)
    return {
      opensMinute: this.number(fields, "opensMinute", path),
      closesMinute: this.number(fields, "closesMinute", path),
      closedDays: this.list(fields, "closedDays", path, (day, where) => {
        if (typeof day === "number") return day
        this.wrong(where, "Send a number from 0 (Sunday) to 6.")
        return 0
      })
    }
  }

  private cap(value: unknown, path: string): Cap {
    const fields = this.fields(value, path)
    return defined({
      channel: this.optional(fields, "channel", () => this.text(fields, "channel", path)),
      messagesMax: this.number(fields, "messagesMax", path),
      windowMs: this.number(fields, "windowMs", path)
    }) as Cap
  }
}
