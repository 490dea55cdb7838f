/**
 * A change of the settings, and the question what some would say, as they are sent.
 */
import type { SetRecoverySettings } from "../../actors/customer/commands.ts"
import type { Abandonment } from "../../actors/recovery/may-reach.ts"
import { CART_TOTAL_MINOR_MAX } from "../../actors/cart/limits.ts"
import { ID_LENGTH_MAX, LINES_MAX, TEXT_LENGTH_MAX } from "../../config/limits.ts"
import {
  at,
  type Decoded,
  decoding,
  defined,
  type Fields,
  fieldsOf,
  id,
  integer,
  Invalid,
  optionalInteger,
  optionalText,
  own
} from "../gateway/decode.ts"
import type { Refusal } from "../gateway/protocol.ts"
import { readSettings, type ReadSettings } from "./decode-settings.ts"
import { BY_HUB } from "./seed.ts"

const VERSION_MAX = 1_000_000_000

/** `hasCodePlace`: links have a place for the code of an offer. */
export const decodeSettingsChange = (body: unknown, hasCodePlace = true): Decoded<SetRecoverySettings> => {
  const decoded = decoding(() => readChange(fieldsOf(body, ""), hasCodePlace))
  if (!decoded.ok) return decoded
  const { read, ...command } = decoded.value
  const [first] = read.faults
  if (first === undefined) return { ok: true, value: { ...command, settings: read.settings } }
  const { length } = read.faults
  const others = length === 1 ? "" : ` ${length - 1} more: see faults.`
  const refusal: Refusal = {
    ok: false,
    code: "invalid_request",
    message: `${first.path}: ${first.message}${others}`,
    path: first.path,
    faults: read.faults
  }
  return { ok: false, refusal }
}

const readChange = (fields: Fields, hasCodePlace: boolean) => {
  const by = id(fields, "by", "")
  if (by.trim() === "" || by === BY_HUB) {
    throw new Invalid(`Send by as who changes the settings; ${BY_HUB} is the hub's own.`, "by")
  }
  return defined({
    type: "recovery-settings" as const,
    mutationId: id(fields, "mutationId", ""),
    expectedVersion: integer(own(fields, "expectedVersion"), "expectedVersion", 0, VERSION_MAX),
    by,
    note: optionalText(fields, "note", "", TEXT_LENGTH_MAX),
    read: readSettings(own(fields, "settings"), hasCodePlace)
  })
}

export interface PreviewWish {
  /** Absent: those that hold. */
  readonly draft: ReadSettings | undefined
  readonly sequenceId: string | undefined
  readonly cart: string | undefined
  readonly lines: ReadonlyArray<{ readonly sku: string; readonly name?: string }>
  readonly left: NonNullable<Abandonment["left"]>
}

export const decodePreview = (body: unknown, hasCodePlace = true): Decoded<PreviewWish> =>
  decoding(() => {
    const fields = fieldsOf(body, "")
    const settings = own(fields, "settings")
    return {
      draft: settings === undefined ? undefined : readSettings(settings, hasCodePlace),
      sequenceId: optionalText(fields, "sequenceId", "", ID_LENGTH_MAX),
      cart: optionalText(fields, "cart", "", ID_LENGTH_MAX),
      lines: linesOf(own(fields, "lines")),
      left: leftOf(fields)
    }
  })

const linesOf = (value: unknown): PreviewWish["lines"] => {
  if (value === undefined) return []
  if (!Array.isArray(value) || value.length > LINES_MAX) {
    throw new Invalid(`Send lines as an array of at most ${LINES_MAX}, each with sku and name.`, "lines")
  }
  return value.map((line: unknown, index) => {
    const path = `lines[${index}]`
    const fields = fieldsOf(line, path)
    const name = optionalText(fields, "name", path, TEXT_LENGTH_MAX)
    return { sku: id(fields, "sku", path), ...(name === undefined ? {} : { name }) }
  })
}

const leftOf = (fields: Fields): PreviewWish["left"] => {
  const reason = own(fields, "reason") ?? "left-checkout"
  if (reason !== "left-checkout" && reason !== "idle-cart") {
    throw new Invalid("Send reason as left-checkout or idle-cart.", at("", "reason"))
  }
  return defined({
    reason,
    totalMinor: optionalInteger(fields, "totalMinor", "", 0, CART_TOTAL_MINOR_MAX) ?? 0,
    currency: optionalText(fields, "currency", "", 3),
    segment: optionalText(fields, "segment", "", 64)
  }) as PreviewWish["left"]
}
