/**
 * Bounds of GraphQL, each with its reason. A query is weighed before it is validated and again, with its variables, before
 * it runs: whoever may ask must not be able to hold the hub up with one small text.
 */

import { fieldReader } from "./fields.ts"

export interface GraphqlConfig {
  /** Whether the schema may be asked for its types. */
  readonly isIntrospectable: boolean
  /** Only these queries are taken, texts by their names; `undefined`: every query. */
  readonly queries: ReadonlyMap<string, string> | undefined
}

/** The file does not do; the message says where and what to write instead. */
export class WrongQueries extends Error {
  override readonly name = "WrongQueries"
}

const { fieldsOf, parsed } = fieldReader((message) => new WrongQueries(message))

/**
 * Reads a file of registered queries: texts by their names (`{"<hash>": "query …"}`), or what Apollo's manifest generator
 * writes (`{"format": "apollo-persisted-query-manifest", "operations": [{"id", "body"}]}`). Throws `WrongQueries`.
 */
export const readQueries = (text: string): ReadonlyMap<string, string> => {
  const fields = parsed(text, "The queries file")
  const entries = Array.isArray(fields["operations"]) ? fields["operations"].map(operation) : Object.entries(fields)
  if (entries.length > QUERIES_MAX) throw new WrongQueries(`The queries file holds at most ${QUERIES_MAX} queries.`)
  return new Map(
    entries.map(([name, query]) => {
      if (typeof query === "string") return [name, query]
      throw new WrongQueries(`The queries file: ${name} must be the text of a query.`)
    })
  )
}

const operation = (value: unknown, index: number): readonly [string, unknown] => {
  const { body, id } = fieldsOf(value, `The queries file: operation ${index + 1}`)
  if (typeof id === "string") return [id, body]
  throw new WrongQueries(`The queries file: operation ${index + 1} must have an id.`)
}

/** Registered ones: more than any application has; they stay in memory. */
const QUERIES_MAX = 10_000

/** Tokens of one document: the largest that the tests' clients send has some 700. Above it parsing stops. */
export const TOKENS_MAX = 2_000
/** Levels of fields; the deepest of the schema are nine. Introspection has a bound of its own in the library. */
export const DEPTH_MAX = 10
/** Fields after all fragments are put in; those of one name are compared each with each other. Introspection has some 100. */
export const FIELDS_MAX = 250
/** Fields of one name that have fields: of these all that is below is compared, too; 195 of them took 230 ms. */
export const REPEATS_MAX = 30
/** Fields under another name, fragments put in: each may be one more question to the hub. */
export const ALIASES_MAX = 30
/** Operations in one document, each of which is validated: 390 took 250 ms. */
export const OPERATIONS_MAX = 20
/** `@skip`, `@include` and others, fragments put in. */
export const DIRECTIVES_MAX = 50
/** Values that may come out, lists at their full length. A microsecond or two each: some ten milliseconds of the hub's loop. */
export const COST_MAX = 10_000
/** What a list without a `limit` is taken to hold: locations of a SKU, lines of a cart. */
export const LIST_LENGTH_ASSUMED = 10
/** Operations in one HTTP request; their costs are added up. */
export const BATCH_MAX = 10

/** Items of a page that is asked without a readable `limit`: what the schema says as well. */
export const PAGE_LIMIT_DEFAULT = 100

/** Operations of one socket that run at once, subscriptions above all: a page of a shop may follow each of its cards. */
export const SOCKET_OPERATIONS_MAX = 200
/**
 * Selections of stock that somebody follows, and as many of carts; each encodes every change of theirs: 64 are a tenth of a
 * millisecond for each change.
 */
export const SELECTIONS_MAX = 64
/** A socket that has not said who it is for so long is closed. */
export const SOCKET_INIT_MS_MAX = 3_000

/** Documents kept parsed and validated, and queries kept by their hash: 4 MiB of text. The longest unused go first. */
export const DOCUMENTS_MAX = 1_000
export const DOCUMENTS_TEXT_MAX = 2 * 1024 * 1024
