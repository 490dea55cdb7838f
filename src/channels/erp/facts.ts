/**
 * From a row to a fact: which movement it is, how many units, of which document.
 *
 * The mutation id is `erp:<document>:<item>`, the same wherever the row comes from; or, where the format has none,
 * `erp:<16 hex digits of the content's SHA-256>:<row>`, the same however often and under whatever name the file comes.
 */
import { DEFAULT_LOCATION } from "../../../actors/sku/commands.ts"
import { decodeFact, wrongSku } from "../../gateway/decode.ts"
import type { FactBody } from "../../gateway/protocol.ts"
import type { ErpFormat, Place, Trailer } from "./format.ts"
import type { Movement } from "./movements.ts"
import { type Content, type Row, WrongErpFile } from "./rows.ts"
import { type Quantity, quantityOf, timeOf, withoutZeros, WrongValue } from "./values.ts"

export interface ErpFact {
  readonly sku: string
  readonly body: FactBody
}

export type RowMeaning =
  | { readonly kind: "fact"; readonly fact: ErpFact }
  | { readonly kind: "ignored" }
  | { readonly kind: "trailer" }
  | { readonly kind: "rejected"; readonly reason: string }

export interface ReadingOptions {
  readonly format: ErpFormat
  readonly header: ReadonlyArray<string> | undefined
  /** Of the file's content, in hex. */
  readonly sha256: string
  /** The channel that facts are told to come from. */
  readonly channel?: string
}

type Cell = (content: Content) => string
type Cells = { readonly [Name in keyof Omit<ErpFormat["fields"], "document">]: Cell }

const IGNORED: RowMeaning = { kind: "ignored" }

/** Throws `WrongErpFile` when the header lacks what the format maps, or has it twice. */
export const rowReading = (options: ReadingOptions): ((row: Row) => RowMeaning) => {
  const { format, header } = options
  const { document: documents = [], ...places } = format.fields
  const cells = Object.fromEntries(
    Object.entries(places).map(([name, place]) => [name, cellOf(place, header)])
  ) as Cells
  const documentCells = documents.map((place) => cellOf(place, header))
  const ignored = format.ignore.map(({ place, values }) => ({ cell: cellOf(place, header), values }))
  const isTrailer = trailerTest(format.trailer)
  const idOf = identity(options, cells, documentCells)
  return (row) => {
    if (!row.content.ok) return { kind: "rejected", reason: row.content.reason }
    const { value } = row.content
    if (isTrailer(value)) return { kind: "trailer" }
    if (ignored.some(({ cell, values }) => values.has(cell(value)))) return IGNORED
    try {
      checkWidth(value, header)
      const moved = movedBy(value, cells, format)
      if (moved === undefined) return IGNORED
      const { code, ...body } = moved
      const document = documentCells.map((cell) => cell(value)).join("/")
      return judged(cells.sku(value), {
        ...body,
        mutationId: idOf(row, value),
        ...told("channel", options.channel),
        ...told("occurredAt", timeOf(cells.date?.(value) ?? "", cells.time?.(value) ?? "", format.date)),
        ...told("reference", cells.reference?.(value) || document),
        ...told("reason", cells.reason?.(value) || (code === "" ? "" : `movement ${code}`))
      })
    } catch (error) {
      if (error instanceof WrongValue) return { kind: "rejected", reason: error.message }
      throw error
    }
  }
}

/** What the trailer's record says; `undefined` for any other record, NaN for a count that cannot be read. */
export const trailerCount = (format: ErpFormat, content: Content): number | undefined => {
  const { trailer } = format
  if (trailer === undefined || !trailerTest(trailer)(content)) return undefined
  const text = cellOf(trailer.count, undefined)(content)
  return /^\d+$/.test(text) ? Number(text) - trailer.plus : Number.NaN
}

const trailerTest = (trailer: Trailer | undefined): ((content: Content) => boolean) => {
  if (trailer === undefined) return () => false
  return (content) =>
    typeof content === "string" ? content.startsWith(trailer.marker) : (content[0] ?? "").trim() === trailer.marker
}

const cellOf = (place: Place, header: ReadonlyArray<string> | undefined): Cell => {
  const clean = (text: string): string => (place.trimZeros ? withoutZeros(text.trim()) : text.trim())
  if (place.kind === "span") {
    return (line) => clean((line as string).slice(place.start - 1, place.start - 1 + place.length))
  }
  const index = typeof place.column === "number" ? place.column - 1 : columnOf(place.column, header ?? [])
  return (fields) => clean(fields[index] ?? "")
}

const columnOf = (name: string, header: ReadonlyArray<string>): number => {
  const index = header.indexOf(name)
  if (index < 0) throw new WrongErpFile(`The header has no column "${name}".`)
  if (header.includes(name, index + 1)) throw new WrongErpFile(`The header has more than one column "${name}".`)
  return index
}

/** A delimiter inside a text that is not quoted moves all that follows into wrong columns. */
const checkWidth = (content: Content, header: ReadonlyArray<string> | undefined): void => {
  if (typeof content === "string" || header === undefined || content.length <= header.length) return
  if (content.slice(header.length).every((field) => field.trim() === "")) return
  throw new WrongValue(`there are ${content.length} columns, the header has ${header.length}`)
}

const identity = (
  { format, sha256 }: ReadingOptions,
  cells: Cells,
  documentCells: ReadonlyArray<Cell>
): ((row: Row, content: Content) => string) => {
  if (format.fields.document === undefined || format.fields.item === undefined) {
    return (row) => `erp:${sha256.slice(0, 16)}:${row.number}`
  }
  return (_, content) => {
    const numbers = documentCells.map((cell) => cell(content))
    const item = cells.item?.(content) ?? ""
    if (numbers.some((text) => text === "") || item === "") {
      throw new WrongValue("the document's number or item is missing")
    }
    return `erp:${numbers.map(escaped).join("/")}:${escaped(item)}`
  }
}

/** So that `a:b` and `c` are not named as `a` and `b:c` are. */
const escaped = (text: string): string => text.replace(/[%:/]/g, encodeURIComponent)

type Moved = Pick<FactBody, "type" | "quantity" | "locationId" | "toLocationId"> & { readonly code: string }

/** `undefined`: nothing is moved, or the pair's other row tells it. */
const movedBy = (content: Content, cells: Cells, format: ErpFormat): Moved | undefined => {
  const code = cells.movement?.(content) ?? ""
  const movement = format.everyRow ?? format.movements.get(code)
  if (movement === undefined) {
    throw new WrongValue(
      code === "" ? "the movement type is missing" : `the movement type "${code}" is not in the table`
    )
  }
  const quantity = quantityOf(cells.quantity(content), format.number)
  const isOut = isOutward(quantity, cells.direction?.(content), format)
  const here = told("locationId", cells.location?.(content))
  const { units } = quantity
  if (movement.type === "count") {
    if (isOut === true) throw new WrongValue("a count cannot be negative")
    return { code, type: "count", quantity: units, ...here }
  }
  if (units === 0) return undefined
  if (movement.type === "transfer") return transferred(content, cells, { code, units, movement, isOut, format })
  agree(movement, isOut, code)
  if (movement.type !== "adjustment") return { code, type: movement.type, quantity: units, ...here }
  const isLess = movement.direction === "given" ? isOut === true : movement.direction === "out"
  return { code, type: "adjustment", quantity: isLess ? -units : units, ...here }
}

/** Whether the row itself says that units go out; `undefined` when it does not say: no sign may mean either. */
const isOutward = (quantity: Quantity, given: string | undefined, format: ErpFormat): boolean | undefined => {
  if (given === undefined) return quantity.isNegative ? true : undefined
  const { directionCodes } = format
  if (given !== directionCodes.in && given !== directionCodes.out) {
    throw new WrongValue(`the direction "${given}" is neither ${directionCodes.in} nor ${directionCodes.out}`)
  }
  const isOut = given === directionCodes.out
  if (quantity.isNegative && !isOut) throw new WrongValue(`the quantity is negative, the direction is ${given}`)
  return isOut
}

const agree = ({ direction }: Movement, isOut: boolean | undefined, code: string): void => {
  if (isOut === undefined || direction === "given" || isOut === (direction === "out")) return
  const [says, means] = isOut ? ["takes units out", "brings them in"] : ["brings units in", "takes them out"]
  throw new WrongValue(`the row ${says}, its movement type ${code} ${means}`)
}

interface Transfer {
  readonly code: string
  readonly units: number
  readonly movement: Movement
  readonly isOut: boolean | undefined
  readonly format: ErpFormat
}

const transferred = (content: Content, cells: Cells, transfer: Transfer): Moved | undefined => {
  const { code, units, movement, isOut, format } = transfer
  const isPair = format.transferRows === "pair"
  if (isPair && isOut !== true) return undefined
  if (!isPair) agree(movement, isOut, code)
  const here = cells.location?.(content) ?? ""
  const there = cells.toLocation?.(content) ?? ""
  if (there === "") throw new WrongValue("the transfer's receiving location is missing")
  // Each row of a pair is told from its own side, also that of a reversal.
  const isBack = !isPair && movement.direction === "in"
  if (isBack)
    return { code, type: "transfer", quantity: units, locationId: there, toLocationId: here || DEFAULT_LOCATION }
  return { code, type: "transfer", quantity: units, ...told("locationId", here), toLocationId: there }
}

/** The contract has the last word: what it would refuse is rejected here, with its reason. */
const judged = (sku: string, body: FactBody): RowMeaning => {
  const refusal = sku === "" ? undefined : wrongSku(sku)
  if (sku === "") return { kind: "rejected", reason: "the SKU is missing" }
  if (refusal !== undefined) return { kind: "rejected", reason: refusal.message }
  const decoded = decodeFact(sku, body)
  return decoded.ok ? { kind: "fact", fact: { sku, body } } : { kind: "rejected", reason: decoded.refusal.message }
}

const told = <Name extends string>(name: Name, value: string | undefined): { readonly [N in Name]?: string } =>
  value === undefined || value === "" ? {} : ({ [name]: value } as { readonly [N in Name]?: string })
