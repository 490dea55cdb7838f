/**
 * Twilio's own description of its messages, and whether a request or an answer is as it says.
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
  readonly in: "path" | "query"
  readonly required?: boolean
  readonly schema: Json
}

interface Operation {
  readonly parameters?: ReadonlyArray<Parameter>
  readonly requestBody?: {
    readonly content: Readonly<
      Record<string, { readonly schema: Json & { readonly properties: Readonly<Record<string, Json>> } }>
    >
  }
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema: Json }>> }>
  >
}

type Path = Readonly<Record<string, Operation>> & {
  readonly "x-twilio"?: unknown
}

interface Description {
  readonly paths: Readonly<Record<string, Path>>
  readonly components: { readonly schemas: Readonly<Record<string, Json>> }
}

const FORM = "application/x-www-form-urlencoded"
const JSON_TYPE = "application/json"
const ID = "twilio"

/** Formats of the description that JSON Schema does not know. */
const formats: Readonly<Record<string, RegExp>> = {
  "phone-number": /^([a-z]+:)?\+?[A-Za-z0-9 ]{1,40}$/,
  "date-time-rfc-2822": /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} \+0000$/,
  currency: /^[A-Za-z]{3}$/
}
/** A query's date-time may be a day, and the addresses in an answer are only paths. */
const looser = { requests: ["date-time"], answers: ["uri", "uri-map"] } as const

/** Made once: compiling takes a moment. */
export class TwilioDescription {
  private static made: TwilioDescription | undefined
  private readonly description: Description
  private readonly requests: Schemas
  private readonly answers: Schemas

  private constructor() {
    const path = join(projectRoot(), "data", "specs", "twilio", "messages_v2010.json.gz")
    this.description = JSON.parse(gunzipSync(readFileSync(path)).toString("utf8")) as Description
    this.requests = new Schemas(this.description, looser.requests, true)
    this.answers = new Schemas(this.description, looser.answers, false)
  }

  static get(): TwilioDescription {
    return (this.made ??= new TwilioDescription())
  }

  /** Compiles what a message is checked with; else its first caller waits for that. */
  warm(): void {
    const [path = "", operations] =
      Object.entries(this.description.paths).find(([pattern]) => pattern.endsWith("/Messages.json")) ?? []
    const url = new URL(path, "http://twilio")
    this.request("post", url, "")
    for (const status of Object.keys(operations?.["post"]?.responses ?? {}))
      this.answer("post", path, Number(status), {})
  }

  /** What in a request is not as described: its path, its query, its form. */
  request(method: string, url: URL, body: string): ReadonlyArray<string> {
    const found = this.operation(method, url.pathname)
    if (found === undefined) return [`${method} ${url.pathname} is described nowhere`]
    const { operation, parameters: inPath } = found
    const query = (operation.parameters ?? []).filter((parameter) => parameter.in === "query")
    const wrong: Array<string> = []
    for (const { name, schema } of (operation.parameters ?? []).filter((parameter) => parameter.in === "path")) {
      wrong.push(...this.requests.against(`path ${name}`, schema, inPath[name]))
    }
    for (const [name, value] of url.searchParams) {
      const known = query.find((parameter) => parameter.name === name)
      wrong.push(
        ...(known === undefined
          ? [`${url.pathname} takes no ${name}`]
          : this.requests.against(name, known.schema, value))
      )
    }
    return [...wrong, ...this.form(operation, url, body)]
  }

  /** What in an answer is not as described. */
  answer(method: string, path: string, status: number, body: unknown): ReadonlyArray<string> {
    const operation = this.operation(method, path)?.operation
    const schema = operation?.responses[String(status)]?.content?.[JSON_TYPE]?.schema
    if (schema === undefined) return [`an answer ${status} to ${method} ${path} is described nowhere`]
    return this.answers.against(`answer ${status}`, schema, body)
  }

  private form(operation: Operation, url: URL, body: string): ReadonlyArray<string> {
    const described = operation.requestBody?.content[FORM]?.schema
    if (described === undefined) return body === "" ? [] : [`${url.pathname} takes no body`]
    const fields: Record<string, unknown> = {}
    const wrong: Array<string> = []
    for (const [name, value] of new URLSearchParams(body)) {
      const property = described.properties[name]
      if (property === undefined) wrong.push(`${url.pathname} takes no ${name}`)
      else if (property["type"] === "array") fields[name] = [...((fields[name] as Array<string>) ?? []), value]
      else if (name in fields) wrong.push(`${name} is given twice`)
      else fields[name] = value
    }
    return [...wrong, ...this.conditional(url, fields), ...this.requests.against(url.pathname, described, fields)]
  }

  /** `x-twilio.conditional`: of each of these lists one must be given. */
  private conditional(url: URL, fields: Json): ReadonlyArray<string> {
    const found = Object.entries(this.description.paths).find(([pattern]) => match(pattern, url.pathname) !== undefined)
    const post = found?.[1]["post"] as (Operation & { readonly "x-twilio"?: unknown }) | undefined
    const lists = (post?.["x-twilio"] as { readonly conditional?: ReadonlyArray<ReadonlyArray<string>> } | undefined)
      ?.conditional
    const given = new Set(Object.keys(fields).map((name) => name.toLowerCase()))
    return (lists ?? [])
      .filter((names) => !names.some((name) => given.has(name.replaceAll("_", ""))))
      .map((names) => `one of ${names.join(", ")} must be given`)
  }

  private operation(method: string, path: string) {
    for (const [pattern, operations] of Object.entries(this.description.paths)) {
      const parameters = match(pattern, path)
      const operation = operations[method.toLowerCase()]
      if (parameters !== undefined && operation !== undefined) return { operation, parameters }
    }
    return undefined
  }
}

/** The description's schemas, compiled as they are asked for. */
class Schemas {
  private readonly ajv: Ajv
  private readonly validators = new Map<Json, ValidateFunction>()

  /** `isForm`: every value is a text, and what it stands for is checked. */
  constructor(description: Description, looserFormats: ReadonlyArray<string>, isForm: boolean) {
    this.ajv = new Ajv({ strict: false, allErrors: true, coerceTypes: isForm })
    addFormats.default(this.ajv)
    for (const [name, format] of Object.entries(formats)) this.ajv.addFormat(name, format)
    for (const name of looserFormats) this.ajv.addFormat(name, true)
    this.ajv.addSchema({ $id: ID, ...description }, ID)
  }

  against(what: string, schema: Json, value: unknown): ReadonlyArray<string> {
    let validate = this.validators.get(schema)
    if (validate === undefined) {
      validate = this.ajv.compile({ type: "object", properties: { value: within(schema) } })
      this.validators.set(schema, validate)
    }
    return validate({ value }) ? [] : [`${what}: ${this.ajv.errorsText(validate.errors)}`]
  }
}

/** References are to the description's root. */
const within = (schema: unknown): unknown => {
  if (Array.isArray(schema)) return schema.map(within)
  if (typeof schema !== "object" || schema === null) return schema
  return Object.fromEntries(
    Object.entries(schema).map(([name, value]) => [
      name,
      name === "$ref" && typeof value === "string" ? `${ID}${value}` : within(value)
    ])
  )
}

const match = (pattern: string, path: string): Readonly<Record<string, string>> | undefined => {
  const [expected, given] = [pattern.split("/"), path.split("/")]
  if (expected.length !== given.length) return undefined
  const parameters: Record<string, string> = {}
  for (const [index, part] of expected.entries()) {
    const actual = given[index] as string
    const [, name, rest = ""] = /^\{(\w+)\}(.*)$/.exec(part) ?? []
    if (name === undefined) {
      if (part !== actual) return undefined
    } else if (!actual.endsWith(rest)) return undefined
    else parameters[name] = rest === "" ? actual : actual.slice(0, -rest.length)
  }
  return parameters
}
