/**
 * Bounds of GraphQL, each with its reason. A query is weighed before it is validated and again, with its variables, before
 * it runs: whoever may ask must not be able to hold the hub up with one small text.
 */

export interface GraphqlConfig {
  /** Whether the schema may be asked for its types. */
  readonly isIntrospectable: boolean
}

/** Tokens of one document: the largest that the tests' clients send has some 700. Above it parsing stops. */
export const TOKENS_MAX = 2_000
/** Levels of fields; the deepest of the schema are nine. Introspection has a bound of its own in the library. */
export const DEPTH_MAX = 10
/** Fields after all fragments are put in. Comparing fields of one name is quadratic: 500 are a millisecond of it. */
export const FIELDS_MAX = 500
/** Fields under another name, fragments put in: each may be one more question to the hub. */
export const ALIASES_MAX = 30
/** `@skip`, `@include` and others, fragments put in. */
export const DIRECTIVES_MAX = 50
/** Values that may come out, lists at their full length. A microsecond or two each: some ten milliseconds of the hub's loop. */
export const COST_MAX = 10_000
/** What a list without a `limit` is taken to hold: locations of a SKU, lines of a cart. */
export const LIST_LENGTH_ASSUMED = 10
/** Operations in one HTTP request; their costs are added up. */
export const BATCH_MAX = 10

export const PAGE_LIMIT_DEFAULT = 100

/** Documents kept parsed and validated, and queries kept by their hash: 4 MiB of text. The longest unused go first. */
export const DOCUMENTS_MAX = 1_000
export const DOCUMENTS_TEXT_MAX = 2 * 1024 * 1024
