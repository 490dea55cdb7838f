/**
 * Amazon's own API descriptions, and whether a request or an answer is as they have it.
 */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { gunzipSync } from "node:zlib"
import { Ajv, type ValidateFunction } from "ajv"
import addFormats from "ajv-formats"
import { projectRoot } from "../../../src/servers/servers.ts"

type Json = Readonly<Record<string, unknown>>

interface Parameter {
  readonly name: string
  readonly in: string
  readonly required?: boolean
  readonly schema?: { readonly $ref?: string }
}

interface Description {
  readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly parameters?: ReadonlyArray<Parameter> }>>>>
}

const read = (name: string): Json => {
  const path = join(projectRoot(), "data", "specs", "amazon", `${name}.json.gz`)
  return JSON.parse(gunzipSync(readFileSync(path)).toString("utf8")) as Json
}

const APIS = ["listingsItems_2021-08-01", "feeds_2021-06-30", "orders_2026-01-01", "ordersV0"] as const
const DOCUMENTS = {
  feed: "listings-feed-schema-v2",
  report: "listings-feed-processing-report-schema-v2",
  notification: "OrderChangeNotification"
} as const

export type DocumentName = keyof typeof DOCUMENTS

/** Made once: compiling takes a moment. */
export class AmazonDescription {
  private static made: AmazonDescription | undefined
  private readonly ajv = new Ajv({ strict: false, allErrors: true, validateFormats: true })
  private readonly apis = new Map<string, Description>()
  private readonly documents = new Map<DocumentName, ValidateFunction>()

  private constructor() {
    addFormats.default(this.ajv)
    for (const name of APIS) {
      const api = read(name)
      this.apis.set(name, api as unknown as Description)
      this.ajv.addSchema({ ...api, $id: name }, name)
    }
    for (const [name, file] of Object.entries(DOCUMENTS)) {
      const { $schema: _schema, $id: _id, ...schema } = withoutIds(read(file)) as Record<string, unknown>
      this.documents.set(name as DocumentName, this.ajv.compile(schema))
    }
  }

  static get(): AmazonDescription {
    return (this.made ??= new AmazonDescription())
  }

  /** What in a request is not as described: its path, its parameters, its body. */
  request(method: string, url: URL, body: unknown): ReadonlyArray<string> {
    for (const [name, { paths }] of this.apis) {
      for (const [pattern, operations] of Object.entries(paths)) {
        const operation = operations[method.toLowerCase()]
        if (operation === undefined || !matches(pattern, url.pathname)) continue
        return this.wrongIn(name, operation.parameters ?? [], url, body)
      }
    }
    return [`${method} ${url.pathname} is described nowhere`]
  }

  /** What in an answer is not as the definition has it. */
  answer(api: (typeof APIS)[number], definition: string, body: unknown): ReadonlyArray<string> {
    return this.against({ $ref: `${api}#/definitions/${definition}` }, body, definition)
  }

  document(name: DocumentName, content: unknown): ReadonlyArray<string> {
    const validate = this.documents.get(name)
    if (validate === undefined || validate(content)) return []
    return [`${name}: ${this.ajv.errorsText(validate.errors)}`]
  }

  private wrongIn(api: string, parameters: ReadonlyArray<Parameter>, url: URL, body: unknown): ReadonlyArray<string> {
    const wrong: Array<string> = []
    const query = parameters.filter((parameter) => parameter.in === "query")
    for (const name of url.searchParams.keys()) {
      if (!query.some((parameter) => parameter.name === name)) wrong.push(`${url.pathname} takes no ${name}`)
    }
    for (const { name, required } of query) {
      if (required === true && !url.searchParams.has(name)) wrong.push(`${url.pathname} needs ${name}`)
    }
    const reference = parameters.find((parameter) => parameter.in === "body")?.schema?.$ref
    if (reference !== undefined) wrong.push(...this.against({ $ref: `${api}${reference}` }, body, url.pathname))
    return wrong
  }

  private against(schema: object, body: unknown, what: string): ReadonlyArray<string> {
    const validate = this.ajv.compile(schema)
    return validate(body) ? [] : [`${what}: ${this.ajv.errorsText(validate.errors)}`]
  }
}

const matches = (pattern: string, path: string): boolean => {
  const [expected, given] = [pattern.split("/"), path.split("/")]
  return (
    expected.length === given.length && expected.every((part, index) => part.startsWith("{") || part === given[index])
  )
}

/** The notification's schema names each of its places by the same kind of id: not one of them is referred to. */
const withoutIds = (schema: unknown): unknown => {
  if (Array.isArray(schema)) return schema.map(withoutIds)
  if (typeof schema !== "object" || schema === null) return schema
  const entries = Object.entries(schema).filter(([name, value]) => name !== "$id" || typeof value !== "string")
  return Object.fromEntries(entries.map(([name, value]) => [name, withoutIds(value)]))
}
