/**
 * The OpenAPI 3.1 document of the hub's HTTP part: the table of routes, and what `parts.ts` says of each address.
 *
 * D1 In it is every address of the table that is described; that none is left out is checked by a test, so that a hub starts
 * without its documentation sooner than not at all. D2 Its schemas are made from the Effect schemas, all at once, so that
 * what has a name is written down once.
 */
import { JsonSchema, SchemaRepresentation } from "effect"
import { type Entry, PUBLIC } from "../http/entry.ts"
import { type Description, isText, type Part, type Shape, type Text } from "./description.ts"
import { Name, PARAMETERS } from "./parameters.ts"
import { Refusal } from "./refusal-shapes.ts"

type Json = Readonly<Record<string, unknown>>
/** Of the table only what is told: the routes themselves stay out. */
export type Address = readonly [method: string, pattern: string, action: Entry[2]]

export const openApiDocument = (table: ReadonlyArray<Address>, parts: ReadonlyArray<Part>): Json => {
  const operations = joined(table, parts)
  const shapes = new Shapes(operations.flatMap(({ address, description }) => shapesOf(address, description)))
  const paths: Record<string, Record<string, Json>> = {}
  for (const { address, description, part } of operations) {
    const [method, pattern] = address
    const path = (paths[pattern.replaceAll(/:(\w+)/g, "{$1}")] ??= {})
    path[method] = operation({ address, description, part }, shapes)
  }
  return {
    openapi: "3.1.1",
    jsonSchemaDialect: "https://json-schema.org/draft/2020-12/schema",
    info: {
      title: "Holdfast",
      version: "1",
      description:
        "Everything that the hub answers over HTTP. Unknown fields are ignored; what is wrong is refused with its code, a sentence that says what to do, and the place."
    },
    servers: [{ url: "/" }],
    tags: parts.map(({ name, about }) => ({ name, description: about })),
    paths,
    components: {
      schemas: shapes.named,
      securitySchemes: {
        bearer: {
          type: "http",
          scheme: "bearer",
          description: "Not asked for while the hub is open to its own machine."
        }
      }
    }
  }
}

interface Operation {
  readonly address: Address
  readonly description: Description
  readonly part: string
}

const joined = (table: ReadonlyArray<Address>, parts: ReadonlyArray<Part>): ReadonlyArray<Operation> => {
  const addresses = new Map(table.map((address) => [keyOf(address), address]))
  return parts.flatMap(({ addresses: described, name }) =>
    Object.entries<Description>(described).flatMap(([key, description]): ReadonlyArray<Operation> => {
      const address = addresses.get(key)
      return address === undefined ? [] : [{ address, description, part: name }]
    })
  )
}

const keyOf = ([method, pattern]: Address): string => `${method} ${pattern}`

/** What one of them has and the other has not. */
export const unmatched = (table: ReadonlyArray<Address>, parts: ReadonlyArray<Part>): ReadonlyArray<string> => {
  const routed = new Set(table.map(keyOf))
  const described = parts.flatMap(({ addresses }) => Object.keys(addresses))
  return [
    ...described
      .filter((key) => !routed.delete(key))
      .map((key) => `${key} is described, and not in the table of routes.`),
    ...[...routed].map((key) => `${key} is in the table of routes: describe it in src/gateway/openapi/.`)
  ]
}

const namesIn = (pattern: string): ReadonlyArray<string> =>
  [...pattern.matchAll(/:(\w+)/g)].map(([, name]) => `${name}`)

const parameterOf = (name: string): Shape => PARAMETERS[name] ?? Name

/** All that one address needs. */
const shapesOf = ([, pattern]: Address, { answer, body, query, refusal }: Description): ReadonlyArray<Shape> => [
  ...namesIn(pattern).map(parameterOf),
  ...[answer, body, query, refusal].flatMap((what) => (what === undefined || isText(what) ? [] : [what]))
]

/** JSON Schemas by the schemas that they are made from. */
class Shapes {
  readonly named: Json
  private readonly schemas = new Map<Shape, Json>()

  constructor(shapes: ReadonlyArray<Shape>) {
    const all = [...new Set<Shape>([Refusal, ...shapes])]
    const others = all.slice(1).map(({ ast }) => ast)
    const made = JsonSchema.toMultiDocumentOpenApi3_1(
      SchemaRepresentation.toJsonSchemaMultiDocument(SchemaRepresentation.toRepresentations([Refusal.ast, ...others]))
    )
    for (const [index, shape] of all.entries()) this.schemas.set(shape, made.schemas[index] as Json)
    this.named = made.definitions
  }

  of(shape: Shape): Json {
    return this.schemas.get(shape) as Json
  }

  /** The same without its name. */
  plain(shape: Shape): Json {
    const schema = this.of(shape)
    const reference = schema["$ref"]
    return typeof reference === "string"
      ? (this.named[reference.slice(reference.lastIndexOf("/") + 1)] as Json)
      : schema
  }
}

const operation = ({ address, description, part }: Operation, shapes: Shapes): Json => {
  const [method, pattern, action] = address
  const { body, details, isBodyOptional, query, summary } = description
  const needs = action === PUBLIC ? "Open to everybody." : `Needs ${action}.`
  const parameters = [
    ...namesIn(pattern).map((name) =>
      parameter("path", name, { schema: shapes.of(parameterOf(name)), required: true })
    ),
    ...(query === undefined ? [] : queryParameters(shapes.plain(query)))
  ]
  return {
    operationId: operationId(method, pattern),
    summary,
    description: details === undefined ? needs : `${details} ${needs}`,
    tags: [part],
    ...(action === PUBLIC ? {} : { security: [{}, { bearer: [] }], "x-action": action }),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined
      ? {}
      : { requestBody: { required: isBodyOptional !== true, content: content(body, shapes) } }),
    responses: responses(address, description, shapes)
  }
}

const parameter = (where: string, name: string, { required, schema }: { schema: Json; required: boolean }): Json => {
  const { description, ...rest } = schema
  return { name, in: where, required, ...(description === undefined ? {} : { description }), schema: rest }
}

const queryParameters = (schema: Json): ReadonlyArray<Json> => {
  const required = new Set((schema["required"] ?? []) as ReadonlyArray<string>)
  return Object.entries(schema["properties"] as Readonly<Record<string, Json>>).map(([name, one]) =>
    parameter("query", name, { schema: one, required: required.has(name) })
  )
}

const content = (what: Shape | Text, shapes: Shapes): Json =>
  isText(what)
    ? { [what.mediaType]: { schema: { type: "string" } } }
    : { "application/json": { schema: shapes.of(what) } }

const responses = (
  [, , action]: Address,
  { answer, others = {}, refusal = Refusal, refusals, status }: Description,
  shapes: Shapes
): Json => {
  const made: Record<number, Json> = {
    [status ?? 200]: { description: status === 202 ? "Taken." : "Done.", content: content(answer, shapes) }
  }
  for (const [other, description] of Object.entries(others)) made[Number(other)] = { description }
  const onTheWay = action === PUBLIC ? [429] : [401, 403, 429]
  for (const refused of new Set([...refusals, ...onTheWay])) {
    const isOfTheWay = refused === 401 || refused === 403 || refused === 429
    const schemas = isOfTheWay && refusal !== Refusal ? [refusal, Refusal] : [refusal]
    const schema = schemas.length === 1 ? shapes.of(refusal) : { anyOf: schemas.map((one) => shapes.of(one)) }
    made[refused] = { description: REASONS[refused] ?? "Refused.", content: { "application/json": { schema } } }
  }
  return made
}

const REASONS: Readonly<Record<number, string>> = {
  400: "What was sent cannot be taken; path says where.",
  401: "Who asks is not known.",
  403: "Who asks may not do this.",
  404: "There is no such thing.",
  409: "It cannot be done as things are.",
  410: "It is over.",
  413: "The body is too large.",
  429: "Too much at once; ask again after retry-after.",
  503: "What is needed does not answer now; ask again."
}

/** `post /v1/stock/:sku/requests`: `postStockBySkuRequests`. */
const operationId = (method: string, pattern: string): string =>
  method +
  pattern
    .split("/")
    .filter((segment) => segment !== "" && segment !== "v1")
    .map((segment) => (segment.startsWith(":") ? `By-${segment.slice(1)}` : segment))
    .flatMap((segment) => segment.split(/[^A-Za-z0-9]+/))
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join("")
