/**
 * What WooCommerce's documentation shows, as shapes: an answer is a sample with its own values put in, and a request may
 * hold only fields that a sample has, of the sample's types.
 */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { projectRoot } from "../../../src/servers/servers.ts"

type Sample = "product" | "product-variation" | "order" | "webhook"

const samples = new Map<Sample, Readonly<Record<string, unknown>>>()

const sampleOf = (name: Sample): Readonly<Record<string, unknown>> => {
  const known = samples.get(name)
  if (known !== undefined) return known
  const path = join(projectRoot(), "data", "specs", "woocommerce", `${name}.json`)
  const read = JSON.parse(readFileSync(path, "utf8")) as Readonly<Record<string, unknown>>
  samples.set(name, read)
  return read
}

export const like = (name: Sample, values: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> => ({
  ...sampleOf(name),
  ...values
})

/** Written, and never shown again. */
const WRITE_ONLY = new Set(["secret"])
/** Null in a sample because that product keeps no stock. */
const TYPES: Readonly<Record<string, string>> = { stock_quantity: "number" }

export const violationsOf = (name: Sample, body: unknown): ReadonlyArray<string> => {
  if (typeof body !== "object" || body === null) return [`a ${name} that is no object`]
  const sample = sampleOf(name)
  return Object.entries(body).flatMap(([field, value]) => {
    if (WRITE_ONLY.has(field)) return []
    if (!(field in sample)) return [`a ${name} has no ${field}`]
    const type = TYPES[field] ?? typeof sample[field]
    return typeof value === type ? [] : [`${field} of a ${name} is a ${type}, not ${JSON.stringify(value)}`]
  })
}
