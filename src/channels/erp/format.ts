/**
 * A file format as data: how records are laid out, which field stands where, how numbers and dates are written, and what
 * movement types mean. Reading it checks it: a wrong setting is one sentence that names it, before any file is begun.
 *
 * `test/channels/erp-format.test.ts` has a SAP and an Oracle style format in full.
 */
import { fieldsOf, text } from "../settings.ts"
import { type Movement, movementOf, SAP_MOVEMENTS } from "./movements.ts"

/** Where a field stands. */
export type Place =
  /** CSV: a column by its header's name, or by its number from 1. */
  | { readonly kind: "column"; readonly column: string | number; readonly trimZeros: boolean }
  /** Fixed width: characters from `start` (the first is 1). */
  | { readonly kind: "span"; readonly start: number; readonly length: number; readonly trimZeros: boolean }

export type DateFormat = "YYYYMMDD" | "YYYY-MM-DD" | "DD.MM.YYYY" | "MM/DD/YYYY" | "DD/MM/YYYY" | "ISO"

export interface ErpFormat {
  readonly layout:
    | { readonly type: "csv"; readonly delimiter: string; readonly quote: string; readonly header: boolean }
    | { readonly type: "fixed" }
  readonly encoding: "utf8" | "latin1"
  /** Lines before the header or the first row that say nothing. */
  readonly skipLines: number
  readonly fields: {
    readonly sku: Place
    readonly quantity: Place
    readonly movement?: Place
    /** Debit or credit, where the quantity has no sign: `directionCodes`. */
    readonly direction?: Place
    /**
     * The document's number; of several places, such as number and year, the texts are joined by `/`. With an item it
     * names the row wherever it comes from; without one it is a reference only.
     */
    readonly document?: ReadonlyArray<Place>
    readonly item?: Place
    readonly location?: Place
    readonly toLocation?: Place
    readonly date?: Place
    /** HHMMSS or HH:MM:SS. */
    readonly time?: Place
    readonly reference?: Place
    readonly reason?: Place
  }
  readonly number: {
    /** Digits at the end that are decimals although no point is written. */
    readonly impliedDecimals: number
    readonly point: "." | ","
    /** Between thousands; empty when there is none. */
    readonly thousands: string
  }
  readonly date: { readonly format: DateFormat; readonly offset: string }
  readonly movements: ReadonlyMap<string, Movement>
  /** Of every row, where the format has no movement types. */
  readonly everyRow: Movement | undefined
  readonly directionCodes: { readonly in: string; readonly out: string }
  /**
   * Whether a transfer is one row, or two as SAP lists it: of a pair the row that takes units out tells everything, and
   * the other is ignored.
   */
  readonly transferRows: "one" | "pair"
  /** Rows with one of these texts are of no concern. */
  readonly ignore: ReadonlyArray<{ readonly place: Place; readonly values: ReadonlySet<string> }>
  readonly trailer: Trailer | undefined
}

/** The last record says how many rows there are. */
export interface Trailer {
  /** CSV: the first field; fixed width: what the line starts with. */
  readonly marker: string
  readonly count: Place
  /** The count says so many more than there are rows: 1 where it counts the trailer itself, 2 with a header too. */
  readonly plus: number
}

type Settings = Readonly<Record<string, unknown>>

const LAYOUT_SETTINGS = ["type", "delimiter", "quote", "header", "encoding", "skipLines", "fields", "trailer"]
const MEANING_SETTINGS = ["number", "date", "movements", "sapMovements", "everyRow", "directionCodes", "transferRows"]
const SETTINGS = [...LAYOUT_SETTINGS, ...MEANING_SETTINGS, "ignore"]

/** Throws one sentence for the operator when the format does not do. */
export const erpFormat = (settings: unknown): ErpFormat => {
  const given = fieldsOf(settings, "An ERP format")
  only(given, "format", SETTINGS)
  const layout = layoutOf(given)
  const place = (value: unknown, where: string): Place => placeOf(value, where, layout)
  const fields = placesOf(given, place)
  const everyRow = given["everyRow"] === undefined ? undefined : movementOf(given["everyRow"], "everyRow")
  if ((fields.movement === undefined) === (everyRow === undefined)) {
    throw new Error("A format needs either fields.movement, or everyRow for files without movement types.")
  }
  if (fields.item !== undefined && fields.document === undefined) {
    throw new Error("The setting fields.item needs fields.document: an item's number alone names nothing.")
  }
  return {
    layout,
    encoding: oneOf(given, "encoding", ["utf8", "latin1"], "utf8"),
    skipLines: whole(given, "skipLines", 0, 1_000, 0),
    fields,
    number: numberFormat(optional(given, "number")),
    date: dateFormat(optional(given, "date")),
    movements: movementsOf(given),
    everyRow,
    directionCodes: directionCodes(optional(given, "directionCodes")),
    transferRows: oneOf(given, "transferRows", ["one", "pair"], "one"),
    ignore: ignored(given["ignore"] ?? [], place),
    trailer: given["trailer"] === undefined ? undefined : trailerOf(fieldsOf(given["trailer"], "trailer"), place)
  }
}

const layoutOf = (given: Settings): ErpFormat["layout"] => {
  const type = oneOf(given, "type", ["csv", "fixed"])
  if (type === "fixed") return { type }
  const delimiter = one(given, "delimiter", ",")
  const quote = one(given, "quote", '"')
  if (delimiter === quote) throw new Error("The settings delimiter and quote must differ.")
  return { type, delimiter, quote, header: flag(given, "header", true) }
}

const FIELDS = ["sku", "quantity", "movement", "direction", "item", "location", "toLocation"] as const
const MORE_FIELDS = ["date", "time", "reference", "reason"] as const

const placesOf = (given: Settings, place: (value: unknown, where: string) => Place): ErpFormat["fields"] => {
  const fields = fieldsOf(given["fields"], "fields")
  only(fields, "fields", [...FIELDS, ...MORE_FIELDS, "document"])
  const places: Partial<Record<string, Place>> = {}
  for (const name of [...FIELDS, ...MORE_FIELDS]) {
    if (fields[name] !== undefined) places[name] = place(fields[name], `fields.${name}`)
  }
  const { sku, quantity, ...others } = places
  if (sku === undefined || quantity === undefined) throw new Error("A format needs fields.sku and fields.quantity.")
  const written = fields["document"]
  const documents =
    written === undefined ? [] : Array.isArray(written) ? (written as ReadonlyArray<unknown>) : [written]
  const document = documents.map((one) => place(one, "fields.document"))
  return { sku, quantity, ...others, ...(document.length === 0 ? {} : { document }) }
}

const placeOf = (value: unknown, where: string, layout: ErpFormat["layout"]): Place => {
  const plain = typeof value === "string" || typeof value === "number" ? { column: value } : value
  const given = fieldsOf(plain, where)
  const trimZeros = flag(given, "trimZeros", false)
  if (layout.type === "fixed") {
    only(given, where, ["start", "length", "trimZeros"])
    const start = whole(given, "start", 1, 65_536, undefined, where)
    return { kind: "span", start, length: whole(given, "length", 1, 65_536, undefined, where), trimZeros }
  }
  only(given, where, ["column", "trimZeros"])
  const { column } = given
  if (typeof column === "number" && Number.isInteger(column) && column >= 1)
    return { kind: "column", column, trimZeros }
  if (typeof column === "string" && column !== "" && layout.header) return { kind: "column", column, trimZeros }
  throw new Error(`The setting ${where} needs a column: ${layout.header ? "its name, or " : ""}its number from 1.`)
}

const numberFormat = (given: Settings): ErpFormat["number"] => {
  only(given, "number", ["impliedDecimals", "point", "thousands"])
  const point = oneOf(given, "point", [".", ","], ".")
  const thousands = oneOf(given, "thousands", ["", ".", ",", " ", "'"], "")
  if (point === thousands) throw new Error("The settings number.point and number.thousands must differ.")
  return { impliedDecimals: whole(given, "impliedDecimals", 0, 9, 0, "number"), point, thousands }
}

const DATE_FORMATS = ["YYYYMMDD", "YYYY-MM-DD", "DD.MM.YYYY", "MM/DD/YYYY", "DD/MM/YYYY", "ISO"] as const

const dateFormat = (given: Settings): ErpFormat["date"] => {
  only(given, "date", ["format", "offset"])
  const offset = given["offset"] ?? "Z"
  if (typeof offset !== "string" || !/^(Z|[+-](0\d|1[0-4]):[0-5]\d)$/.test(offset)) {
    throw new Error("The setting date.offset must be Z or a distance from UTC such as +01:00.")
  }
  return { format: oneOf(given, "format", DATE_FORMATS, "YYYYMMDD"), offset }
}

const movementsOf = (given: Settings): ReadonlyMap<string, Movement> => {
  const table = fieldsOf(given["movements"] ?? {}, "movements")
  const movements = new Map(flag(given, "sapMovements", true) ? Object.entries(SAP_MOVEMENTS) : [])
  for (const [code, value] of Object.entries(table)) movements.set(code, movementOf(value, `movements.${code}`))
  return movements
}

const directionCodes = (given: Settings): ErpFormat["directionCodes"] => {
  only(given, "directionCodes", ["in", "out"])
  // SAP's Soll and Haben.
  const codes = { in: given["in"] ?? "S", out: given["out"] ?? "H" }
  return { in: text(codes, "in"), out: text(codes, "out") }
}

const ignored = (given: unknown, place: (value: unknown, where: string) => Place): ErpFormat["ignore"] => {
  if (!Array.isArray(given)) throw new Error("The setting ignore must be a list.")
  return given.map((entry: unknown) => {
    const rule = fieldsOf(entry, "ignore")
    only(rule, "ignore", ["field", "values"])
    const { values } = rule
    if (!Array.isArray(values) || !values.every((value) => typeof value === "string")) {
      throw new Error("The setting ignore.values must be a list of texts.")
    }
    return { place: place(rule["field"], "ignore.field"), values: new Set(values) }
  })
}

const trailerOf = (given: Settings, place: (value: unknown, where: string) => Place): Trailer => {
  only(given, "trailer", ["marker", "count", "plus"])
  const count = place(given["count"], "trailer.count")
  if (count.kind === "column" && typeof count.column === "string") {
    throw new Error("The setting trailer.count needs its column's number: the header does not name the trailer's.")
  }
  return { marker: text(given, "marker"), count, plus: whole(given, "plus", 0, 1_000, 0, "trailer") }
}

const optional = (given: Settings, name: string): Settings => fieldsOf(given[name] ?? {}, name)

const only = (given: Settings, where: string, names: ReadonlyArray<string>): void => {
  const unknown = Object.keys(given).find((name) => !names.includes(name))
  if (unknown !== undefined) throw new Error(`The setting ${where} has no ${unknown}; it has ${names.join(", ")}.`)
}

const one = (given: Settings, name: string, otherwise: string): string => {
  const value = given[name] ?? otherwise
  // Bytes are split at line ends before anything else, and half a character is no delimiter.
  if (typeof value === "string" && value.length === 1 && !/[\r\n\uFEFF\uD800-\uDFFF]/.test(value)) return value
  throw new Error(`The setting ${name} must be one character.`)
}

const flag = (given: Settings, name: string, otherwise: boolean): boolean => {
  const value = given[name] ?? otherwise
  if (typeof value !== "boolean") throw new Error(`The setting ${name} must be true or false.`)
  return value
}

const oneOf = <Value extends string>(
  given: Settings,
  name: string,
  values: ReadonlyArray<Value>,
  otherwise?: Value
): Value => {
  const found = values.find((value) => value === (given[name] ?? otherwise))
  if (found === undefined)
    throw new Error(`The setting ${name} must be one of ${values.map((v) => `"${v}"`).join(", ")}.`)
  return found
}

const whole = (given: Settings, name: string, min: number, max: number, otherwise?: number, where?: string): number => {
  const value = given[name] ?? otherwise
  if (typeof value === "number" && Number.isInteger(value) && value >= min && value <= max) return value
  const named = where === undefined ? name : `${where}.${name}`
  throw new Error(`The setting ${named} must be an integer from ${min} to ${max}.`)
}
