/**
 * Asks a hub and holds what it answers against its own OpenAPI document: the status must be documented, and the body fit the
 * status's schema, with no field that is not described.
 */
import assert from "node:assert/strict"
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js"
import addFormats from "ajv-formats"
import { http, type Reply, type TestHub } from "./hub.ts"

interface Operation {
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, unknown>> }>>
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
}

/** Documents leave objects open, for a newer hub may tell more; this hub tells what it says and no more. */
const closed = (schema: unknown): unknown => {
  if (Array.isArray(schema)) return schema.map(closed)
  if (typeof schema !== "object" || schema === null) return schema
  const inside = Object.entries(schema).map(([name, value]) => [name, closed(value)] as const)
  const made = Object.fromEntries(inside) as Record<string, unknown>
  return made["additionalProperties"] === true ? { ...made, additionalProperties: false } : made
}

const ROOT = "openapi.json"

export class Documented {
  /** Operations that were answered without a refusal. */
  readonly answered = new Set<string>()
  /** Codes of refusals that were met. */
  readonly codes = new Set<string>()
  readonly document: Document
  private readonly hub: TestHub
  private readonly ajv = new Ajv2020({ strict: false, allErrors: true })
  private readonly checks = new Map<string, ValidateFunction>()

  private constructor(hub: TestHub, document: Document) {
    this.hub = hub
    this.document = document
    addFormats.default(this.ajv)
    this.ajv.addSchema(closed(document) as object, ROOT)
  }

  static async of(hub: TestHub): Promise<Documented> {
    const { body, status } = await http(hub, "GET", "/v1/openapi.json")
    assert.equal(status, 200)
    return new Documented(hub, body as unknown as Document)
  }

  /** `path` as the document has it: `{sku}` and its like are filled in from `names`; `search` with its question mark. */
  async ask(
    method: "get" | "post" | "put" | "delete",
    path: string,
    asked: { readonly names?: Readonly<Record<string, string>>; readonly search?: string; readonly body?: unknown } = {}
  ): Promise<Reply> {
    const { body, names = {}, search = "" } = asked
    const address = path.replaceAll(/\{(\w+)\}/g, (_whole, name: string) => encodeURIComponent(names[name] ?? ""))
    const reply = await http(this.hub, method.toUpperCase(), `${address}${search}`, body)
    this.check(method, path, reply)
    return reply
  }

  private check(method: string, path: string, { body, status }: Reply): void {
    const where = `${method} ${path} ${status}`
    assert.ok(this.document.paths[path]?.[method]?.responses[status] !== undefined, `${where} is not documented`)
    const check = this.checks.get(where) ?? this.compiled(method, path, status)
    this.checks.set(where, check)
    assert.ok(check(body), `${where}: ${JSON.stringify(check.errors?.slice(0, 5))} in ${JSON.stringify(body)}`)
    if (status < 300) this.answered.add(`${method} ${path}`)
    else this.codes.add(String(body["code"]))
  }

  private compiled(method: string, path: string, status: number): ValidateFunction {
    const steps = ["paths", path, method, "responses", String(status), "content", "application/json", "schema"]
    const pointer = steps.map((step) => encodeURIComponent(step.replaceAll("~", "~0").replaceAll("/", "~1"))).join("/")
    return this.ajv.compile({ $ref: `${ROOT}#/${pointer}` })
  }
}
