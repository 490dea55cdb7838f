/**
 * A collector of OpenTelemetry: takes exports by HTTP and holds each against the shape of OTLP's JSON (opentelemetry-proto
 * 1.x, `ExportTraceServiceRequest`), so that what a real collector would refuse fails a test.
 */
import assert from "node:assert/strict"
import { once } from "node:events"
import { createServer } from "node:http"
import { Ajv } from "ajv"
import { eventually } from "./hub.ts"

export interface Span {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly name: string
  readonly startTimeUnixNano: string
  readonly endTimeUnixNano: string
  readonly attributes: ReadonlyArray<{ readonly key: string; readonly value: Readonly<Record<string, unknown>> }>
}

export interface Collector {
  readonly url: string
  readonly spans: ReadonlyArray<Span>
  /** Waits for so many spans of a trace. */
  readonly trace: (traceId: string, count: number) => Promise<ReadonlyArray<Span>>
  /** Fails when an export was not as OTLP has it. */
  readonly close: () => void
}

/** Of one kind; 64-bit integers are texts. */
const anyValue = {
  type: "object",
  minProperties: 1,
  maxProperties: 1,
  additionalProperties: false,
  properties: {
    stringValue: { type: "string" },
    boolValue: { type: "boolean" },
    intValue: { type: ["string", "integer"], pattern: "^-?[0-9]+$" },
    doubleValue: { type: "number" }
  }
}
const attributes = {
  type: "array",
  items: {
    type: "object",
    required: ["key", "value"],
    additionalProperties: false,
    properties: { key: { type: "string", minLength: 1 }, value: anyValue }
  }
}
const count = { type: "integer", minimum: 0 }
const id = (characters: number) => ({ type: "string", pattern: `^(?!0+$)[0-9a-f]{${characters}}$` })
const nanos = { type: "string", pattern: "^[1-9][0-9]{18}$" }
const listOf = (name: string, item: object, more: object = {}) => ({
  type: "object",
  required: [name],
  additionalProperties: false,
  properties: { [name]: { type: "array", minItems: 1, items: item }, ...more }
})
const span = {
  type: "object",
  required: ["traceId", "spanId", "name", "kind", "startTimeUnixNano", "endTimeUnixNano"],
  additionalProperties: false,
  properties: {
    traceId: id(32),
    spanId: id(16),
    parentSpanId: id(16),
    traceState: { type: "string" },
    flags: count,
    name: { type: "string", minLength: 1 },
    kind: { type: "integer", minimum: 1, maximum: 5 },
    startTimeUnixNano: nanos,
    endTimeUnixNano: nanos,
    attributes,
    droppedAttributesCount: count,
    events: { type: "array" },
    droppedEventsCount: count,
    links: { type: "array" },
    droppedLinksCount: count,
    status: {
      type: "object",
      additionalProperties: false,
      properties: { code: { type: "integer", minimum: 0, maximum: 2 }, message: { type: "string" } }
    }
  }
}
const scope = {
  type: "object",
  required: ["name"],
  additionalProperties: false,
  properties: { name: { type: "string" }, version: { type: "string" }, attributes }
}
const resource = {
  type: "object",
  required: ["attributes"],
  additionalProperties: false,
  properties: { attributes, droppedAttributesCount: count }
}
const validate = new Ajv({ allowUnionTypes: true }).compile(
  listOf("resourceSpans", listOf("scopeSpans", listOf("spans", span, { scope }), { resource }))
)

interface Export {
  readonly resourceSpans: ReadonlyArray<{
    readonly resource: { readonly attributes: Span["attributes"] }
    readonly scopeSpans: ReadonlyArray<{ readonly spans: ReadonlyArray<Span> }>
  }>
}

export const attributeOf = ({ attributes: all }: Span, key: string): unknown =>
  Object.values(all.find((one) => one.key === key)?.value ?? {})[0]

/** `headers`: what each export must come with. */
export const startCollector = async (headers: Readonly<Record<string, string>> = {}): Promise<Collector> => {
  const spans: Array<Span> = []
  const wrong: Array<string> = []
  const take = (body: string): void => {
    const parsed = JSON.parse(body) as Export
    if (!validate(parsed)) return void wrong.push(`${JSON.stringify(validate.errors)} in ${body}`)
    for (const { resource: from, scopeSpans } of parsed.resourceSpans) {
      const name = from.attributes.find(({ key }) => key === "service.name")?.value["stringValue"]
      if (name !== "holdfast") wrong.push(`The service is called ${String(name)}.`)
      spans.push(...scopeSpans.flatMap((one) => one.spans))
    }
  }
  const server = createServer((request, response) => {
    const chunks: Array<Buffer> = []
    request.on("data", (chunk: Buffer) => void chunks.push(chunk))
    request.on("end", () => {
      const isRight =
        request.method === "POST" &&
        request.url === "/v1/traces" &&
        request.headers["content-type"] === "application/json" &&
        Object.entries(headers).every(([key, value]) => request.headers[key] === value)
      if (isRight) take(Buffer.concat(chunks).toString())
      else wrong.push(`${String(request.method)} ${String(request.url)} ${JSON.stringify(request.headers)}`)
      response.setHeader("content-type", "application/json").end('{"partialSuccess":{}}')
    })
  }).listen(0, "127.0.0.1")
  await once(server, "listening")
  return {
    url: `http://127.0.0.1:${(server.address() as { readonly port: number }).port}`,
    spans,
    trace: (traceId, atLeast) =>
      eventually(
        async () => spans.filter((one) => one.traceId === traceId),
        (found) => found.length >= atLeast
      ),
    close: () => {
      server.close()
      assert.deepEqual(wrong, [])
      for (const one of spans) assert.ok(BigInt(one.endTimeUnixNano) >= BigInt(one.startTimeUnixNano), one.name)
    }
  }
}
