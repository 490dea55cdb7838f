/**
 * A change of the settings, and the question what some would say, as they are sent.
 */
import type { SetRecoverySettings } from "../../actors/customer/commands.ts"
import type { Abandonment } from "../../actors/recovery/may-reach.ts"
import type { Fault } from "../../actors/recovery/sequence.ts"
import { decodeBySchema } from "../gateway/decode-by-schema.ts"
import { type Decoded, defined, type Fields, own } from "../gateway/decode.ts"
import { ChangeHead, PreviewAsked } from "../gateway/openapi/recovery-bodies.ts"
import type { Refusal } from "../gateway/protocol.ts"
import { readSettings, type ReadSettings } from "./decode-settings.ts"

/** `hasCodePlace`: links have a place for the code of an offer. */
export const decodeSettingsChange = (body: unknown, hasCodePlace = true): Decoded<SetRecoverySettings> => {
  const decoded = decodeBySchema(ChangeHead, body)
  if (!decoded.ok) return decoded
  const { by, expectedVersion, mutationId, note } = decoded.value
  const { faults, settings } = readSettings(own(body as Fields, "settings"), hasCodePlace)
  const [first] = faults
  if (first !== undefined) return { ok: false, refusal: refusalFor(first, faults) }
  const on = { type: "recovery-settings", mutationId, expectedVersion, by } as const
  return { ok: true, value: { ...on, ...(note === undefined ? {} : { note }), settings } }
}

const refusalFor = (first: Fault, faults: ReadonlyArray<Fault>): Refusal => {
  const others = faults.length === 1 ? "" : ` ${faults.length - 1} more: see faults.`
  const message = `${first.path}: ${first.message}${others}`
  return { ok: false, code: "invalid_request", message, path: first.path, faults }
}

export interface PreviewWish {
  /** Absent: those that hold. */
  readonly draft: ReadSettings | undefined
  readonly sequenceId: string | undefined
  readonly cart: string | undefined
  readonly lines: ReadonlyArray<{ readonly sku: string; readonly name?: string }>
  readonly left: NonNullable<Abandonment["left"]>
}

export const decodePreview = (body: unknown, hasCodePlace = true): Decoded<PreviewWish> => {
  const decoded = decodeBySchema(PreviewAsked, body)
  if (!decoded.ok) return decoded
  const { cart, currency, lines = [], reason = "left-checkout", segment, sequenceId, totalMinor = 0 } = decoded.value
  const { settings } = decoded.value
  const draft = settings === undefined ? undefined : readSettings(settings, hasCodePlace)
  const left = defined({ reason, totalMinor, currency, segment }) as PreviewWish["left"]
  return { ok: true, value: { draft, sequenceId, cart, lines, left } }
}
