/**
 * From what arrives to commands: reads, checks, fills in defaults. Everything that comes from outside passes here.
 *
 * Unknown fields are ignored, wrong types are refused with the place they stand at. A refusal says what to send
 * instead. Bodies are read as plain data: a key like `__proto__` is a key.
 */
import { isAscii, isUtf8 } from "node:buffer"
import {
  type ChannelRule,
  DEFAULT_LOCATION,
  type Component,
  type Fact,
  type FactType,
  type Line,
  type LinesCommand,
  type SettingsChange,
  type SkuCommand
} from "../../actors/sku/commands.ts"
import * as Limits from "../../config/limits.ts"
import type { Refusal } from "./protocol.ts"

/** Thrown by what reads messages and by nobody else; `decoding` turns it into the refusal. */
export class Invalid {
  readonly message: string
  readonly path: string

  constructor(message: string, path: string) {
    this.message = message
    this.path = path
  }
}

export type Decoded<A> = { readonly ok: true; readonly value: A } | { readonly ok: false; readonly refusal: Refusal }

export const invalid = (message: string, path?: string): Refusal => ({
  ok: false,
  code: "invalid_request",
  message,
  ...(path === undefined ? {} : { path })
})

export const decoding = <A>(read: () => A): Decoded<A> => {
  try {
    return { ok: true, value: read() }
  } catch (error) {
    if (error instanceof Invalid) return { ok: false, refusal: invalid(error.message, error.path) }
    throw error
  }
}

export type Fields = Readonly<Record<string, unknown>>

export const fieldsOf = (value: unknown, path: string): Fields => {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new Invalid("Send a JSON object.", path)
  }
  return value as Fields
}

export const own = (fields: Fields, name: string): unknown => (Object.hasOwn(fields, name) ? fields[name] : undefined)

export const at = (path: string, name: string): string => (path === "" ? name : `${path}.${name}`)

export const text = (value: unknown, path: string, lengthMax: number): string => {
  if (typeof value !== "string") throw new Invalid(`Send ${path} as a string.`, path)
  if (value.length === 0 || value.length > lengthMax) {
    throw new Invalid(`Send ${path} with 1 to ${lengthMax} characters.`, path)
  }
  if (!value.isWellFormed()) throw new Invalid(`${path} holds half a character (a lone surrogate).`, path)
  return value
}

export const id = (fields: Fields, name: string, path: string): string =>
  text(own(fields, name), at(path, name), Limits.ID_LENGTH_MAX)

export const optionalText = (fields: Fields, name: string, path: string, lengthMax: number): string | undefined => {
  const value = own(fields, name)
  return value === undefined ? undefined : text(value, at(path, name), lengthMax)
}

export const integer = (value: unknown, path: string, min: number, max: number): number => {
  if (typeof value !== "number" || !Number.isInteger(value) || value < min || value > max) {
    throw new Invalid(`Send ${path} as an integer from ${min} to ${max}.`, path)
  }
  return value
}

export const optionalInteger = (
  fields: Fields,
  name: string,
  path: string,
  min: number,
  max: number
): number | undefined => {
  const value = own(fields, name)
  return value === undefined ? undefined : integer(value, at(path, name), min, max)
}

const location = (fields: Fields, path: string): string =>
  optionalText(fields, "locationId", path, Limits.ID_LENGTH_MAX) ?? DEFAULT_LOCATION

/** Leaves fields out that are absent, because an absent field and an undefined one are not the same in a record. */
export const defined = <A extends object>(fields: A): { readonly [K in keyof A]: Exclude<A[K], undefined> } => {
  const made: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(fields)) if (value !== undefined) made[name] = value
  return made as never
}

/** Reads whose address it is; `undefined` stands for a name that could not be decoded. */
export const decodeName = (name: string | undefined, what: string, lengthMax: number): Decoded<string> =>
  name === undefined
    ? { ok: false, refusal: invalid(`The ${what} in the address is not a percent-encoded UTF-8 text.`, what) }
    : decoding(() => text(name, what, lengthMax))

/** The contract's rules for a SKU's name; `undefined` when it keeps them. */
export const wrongSku = (sku: string | undefined): Refusal | undefined => {
  const decoded = decodeName(sku, "sku", Limits.ID_LENGTH_MAX)
  return decoded.ok ? undefined : decoded.refusal
}

const factTypes = new Set(["sale", "receipt", "return", "count", "adjustment", "transfer"])

export const decodeFact = (sku: string, body: unknown): Decoded<Fact> => decoding(() => readFact(sku, body))

const readFact = (sku: string, body: unknown): Fact => {
  const fields = fieldsOf(body, "")
  const type = own(fields, "type")
  if (typeof type !== "string" || !factTypes.has(type)) {
    throw new Invalid(`Send type as one of ${[...factTypes].join(", ")}.`, "type")
  }
  const toLocationId = optionalText(fields, "toLocationId", "", Limits.ID_LENGTH_MAX)
  if (type === "transfer" && toLocationId === undefined) {
    throw new Invalid("A transfer needs toLocationId, where the units go.", "toLocationId")
  }
  return defined({
    type: type as FactType,
    sku,
    mutationId: id(fields, "mutationId", ""),
    quantity: factQuantity(type, own(fields, "quantity")),
    locationId: location(fields, ""),
    toLocationId: type === "transfer" ? toLocationId : undefined,
    channel: optionalText(fields, "channel", "", Limits.ID_LENGTH_MAX),
    occurredAt: occurredAt(fields),
    reference: optionalText(fields, "reference", "", Limits.TEXT_LENGTH_MAX),
    reason: optionalText(fields, "reason", "", Limits.TEXT_LENGTH_MAX)
  }) as Fact
}

const factQuantity = (type: string, value: unknown): number => {
  if (type === "count") return integer(value, "quantity", 0, Limits.QUANTITY_MAX)
  if (type !== "adjustment") return integer(value, "quantity", 1, Limits.QUANTITY_MAX)
  const quantity = integer(value, "quantity", -Limits.QUANTITY_MAX, Limits.QUANTITY_MAX)
  if (quantity === 0)
    throw new Invalid("An adjustment of 0 adjusts nothing; send how many units more or fewer.", "quantity")
  return quantity
}

const occurredAt = (fields: Fields): string | undefined => {
  const value = optionalText(fields, "occurredAt", "", 64)
  if (value !== undefined && Number.isNaN(Date.parse(value))) {
    throw new Invalid("Send occurredAt as an ISO 8601 time, as 2026-01-31T12:00:00Z.", "occurredAt")
  }
  return value
}

export interface Read {
  readonly type: "read"
  readonly sku: string
  readonly locations: boolean
}

export type SkuRequest = Exclude<SkuCommand, Fact> | Read

export const decodeRequest = (sku: string, body: unknown): Decoded<SkuRequest> => decoding(() => readRequest(sku, body))

const readRequest = (sku: string, body: unknown): SkuRequest => {
  const fields = fieldsOf(body, "")
  const type = own(fields, "type")
  switch (type) {
    case "reserve":
      return withHoldFields(fields, {
        type,
        sku,
        mutationId: id(fields, "mutationId", ""),
        holdId: id(fields, "holdId", ""),
        quantity: integer(own(fields, "quantity"), "quantity", 1, Limits.QUANTITY_MAX),
        ttlMs: ttl(fields),
        locationId: location(fields, "")
      })
    case "commit":
    case "release":
      return { type, sku, mutationId: id(fields, "mutationId", ""), holdId: id(fields, "holdId", "") }
    case "configure":
      return { type, sku, mutationId: id(fields, "mutationId", ""), settings: readSettings(fields) }
    case "read": {
      const locations = own(fields, "locations")
      if (locations !== undefined && typeof locations !== "boolean") {
        throw new Invalid("Send locations as true or false.", "locations")
      }
      return { type, sku, locations: locations === true }
    }
    default:
      throw new Invalid("Send type as one of reserve, commit, release, configure, read.", "type")
  }
}

const ttl = (fields: Fields): number =>
  optionalInteger(fields, "ttlMs", "", Limits.HOLD_TTL_MS_MIN, Limits.HOLD_TTL_MS_MAX) ?? Limits.HOLD_TTL_MS_DEFAULT

/** Adds to the freshly made command what a hold may have beside. */
const withHoldFields = <A extends object>(fields: Fields, command: A): A & HoldFields => {
  const made: A & { channel?: string; holder?: string } = command
  const channel = optionalText(fields, "channel", "", Limits.ID_LENGTH_MAX)
  const holder = optionalText(fields, "holder", "", Limits.ID_LENGTH_MAX)
  if (channel !== undefined) made.channel = channel
  if (holder !== undefined) made.holder = holder
  return made
}

interface HoldFields {
  readonly channel?: string
  readonly holder?: string
}

export const decodeLines = (body: unknown): Decoded<LinesCommand> => decoding(() => readLines(body))

const readLines = (body: unknown): LinesCommand => {
  const fields = fieldsOf(body, "")
  const type = own(fields, "type")
  if (type === "commit" || type === "release") {
    return { type, mutationId: id(fields, "mutationId", ""), holdId: id(fields, "holdId", "") }
  }
  if (type !== "reserve") throw new Invalid("Send type as one of reserve, commit, release.", "type")
  const lines = own(fields, "lines")
  if (!Array.isArray(lines) || lines.length === 0 || lines.length > Limits.LINES_MAX) {
    throw new Invalid(`Send lines as an array of 1 to ${Limits.LINES_MAX} lines.`, "lines")
  }
  const mutationId = id(fields, "mutationId", "")
  const holdId = id(fields, "holdId", "")
  return withHoldFields(fields, {
    type,
    mutationId,
    holdId,
    ttlMs: ttl(fields),
    lines: lines.map((line: unknown, index) => readLine(line, index))
  })
}

const readLine = (line: unknown, index: number): Line => {
  const path = `lines[${index}]`
  const fields = fieldsOf(line, path)
  return {
    sku: id(fields, "sku", path),
    quantity: integer(own(fields, "quantity"), at(path, "quantity"), 1, Limits.QUANTITY_MAX),
    locationId: location(fields, path)
  }
}

const readSettings = (fields: Fields): SettingsChange => {
  const change = defined({
    safetyThreshold: optionalInteger(fields, "safetyThreshold", "", 0, Limits.QUANTITY_MAX),
    ...readBackorder(own(fields, "backorder")),
    channels: readBuffers(own(fields, "buffers")),
    components: readComponents(own(fields, "components"))
  })
  if (Object.keys(change).length === 0) {
    throw new Invalid("Send at least one of safetyThreshold, backorder, buffers, components.", "")
  }
  return change as SettingsChange
}

const readBackorder = (value: unknown) => {
  if (value === undefined) return {}
  if (typeof value === "boolean") return { backorderLimit: value ? Number.MAX_SAFE_INTEGER : 0 }
  const fields = fieldsOf(value, "backorder")
  const kind = own(fields, "kind")
  if (kind !== undefined && kind !== "backorder" && kind !== "preorder") {
    throw new Invalid("Send backorder.kind as backorder or preorder.", "backorder.kind")
  }
  return {
    backorderLimit: integer(own(fields, "limit"), "backorder.limit", 0, Limits.QUANTITY_MAX),
    backorderKind: kind
  }
}

const readBuffers = (value: unknown): Readonly<Record<string, ChannelRule>> | undefined => {
  if (value === undefined) return undefined
  const fields = fieldsOf(value, "buffers")
  const names = Object.keys(fields)
  if (names.length > Limits.CHANNEL_RULES_MAX) {
    throw new Invalid(`Send rules for at most ${Limits.CHANNEL_RULES_MAX} channels.`, "buffers")
  }
  const rules: Record<string, ChannelRule> = Object.create(null) as Record<string, ChannelRule>
  for (const name of names) {
    rules[text(name, "buffers", Limits.ID_LENGTH_MAX)] = readRule(fields[name], `buffers.${name}`)
  }
  return rules
}

const readRule = (value: unknown, path: string): ChannelRule => {
  if (typeof value === "number") return { buffer: integer(value, path, 0, Limits.QUANTITY_MAX), ringFenced: 0 }
  const fields = fieldsOf(value, path)
  return defined({
    buffer: optionalInteger(fields, "buffer", path, 0, Limits.QUANTITY_MAX) ?? 0,
    cap: optionalInteger(fields, "cap", path, 0, Limits.QUANTITY_MAX),
    ringFenced: optionalInteger(fields, "ringFenced", path, 0, Limits.QUANTITY_MAX) ?? 0
  }) as ChannelRule
}

const readComponents = (value: unknown): ReadonlyArray<Component> | undefined => {
  if (value === undefined) return undefined
  if (!Array.isArray(value) || value.length > Limits.COMPONENTS_MAX) {
    throw new Invalid(`Send components as an array of at most ${Limits.COMPONENTS_MAX}.`, "components")
  }
  const components = new Map<string, number>()
  for (const [index, part] of value.entries()) {
    const path = `components[${index}]`
    const fields = fieldsOf(part, path)
    const sku = id(fields, "sku", path)
    const quantity = integer(own(fields, "quantity"), at(path, "quantity"), 1, 1_000_000)
    components.set(sku, (components.get(sku) ?? 0) + quantity)
  }
  return [...components].map(([sku, quantity]) => ({ sku, quantity }))
}

/** JSON in UTF-8, at most `sizeMax` bytes. */
export const decodeJson = (bytes: ArrayBuffer | Uint8Array, sizeMax: number): Decoded<unknown> => {
  if (bytes.byteLength > sizeMax) {
    return { ok: false, refusal: invalid(`The message has ${bytes.byteLength} bytes; ${sizeMax} is the most.`) }
  }
  try {
    return { ok: true, value: JSON.parse(textOf(bytes)) as unknown }
  } catch {
    return { ok: false, refusal: invalid("The message is not JSON in UTF-8.") }
  }
}

/** Checking first and decoding without checks is several times as fast as a decoder that refuses. */
const textOf = (bytes: ArrayBuffer | Uint8Array): string => {
  const buffer =
    bytes instanceof ArrayBuffer ? Buffer.from(bytes) : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (isAscii(buffer)) return buffer.toString("latin1")
  if (!isUtf8(buffer)) throw new SyntaxError("not UTF-8")
  return buffer.toString("utf8")
}
