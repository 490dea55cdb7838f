/**
 * GraphQL over HTTP, at `/graphql`: POST with a JSON body (one operation or an array of them), GET for queries. `graphql-http`
 * keeps the protocol (content types, statuses, no mutation by GET); what is asked is read by `documents.ts`.
 */
import { execute, GraphQLError, type GraphQLSchema } from "graphql"
import {
  createHandler,
  type Handler,
  parseRequestParams,
  type Request as HttpRequest,
  type Response as HttpResponse
} from "graphql-http"
import { BATCH_MAX, COST_MAX } from "../../config/graphql.ts"
import { MESSAGE_BYTES_MAX } from "../../config/limits.ts"
import { type Decoded, decodeJson, invalid } from "../gateway/decode.ts"
import { json, refused } from "../gateway/http/replies.ts"
import type { Respond } from "../gateway/http/stock.ts"
import type { AskedRequest, Request, Response } from "../gateway/serving.ts"
import { TRACEPARENT } from "../tracing/traceparent.ts"
import type { GraphqlContext, GraphqlServices } from "./context.ts"
import type { Documents } from "./documents.ts"
import type { PersistedQueries } from "./persisted.ts"
import { shown } from "./refusals.ts"
import { tooCostly } from "./weight.ts"

export interface HttpOptions {
  readonly schema: GraphQLSchema
  readonly documents: Documents
  readonly services: GraphqlServices
  /** Told of what a resolver threw that is no refusal. */
  readonly fault: (error: Error) => void
}

/** One operation of a request. */
interface Asking {
  readonly request: Request
  /** The operation's JSON; `undefined` when the body is none. */
  readonly body: unknown
  /** What all operations of the request may cost from here on. */
  readonly budget: { left: number }
}

type Asked = HttpRequest<Asking, GraphqlContext>

export class GraphqlRoutes {
  private readonly options: HttpOptions
  private readonly handler: Handler<Asking, GraphqlContext>

  constructor(options: HttpOptions) {
    this.options = options
    const { documents, fault, schema } = options
    this.handler = createHandler<Asking, GraphqlContext>({
      execute,
      formatError: shown(fault),
      parseRequestParams: (asked) => parseRequestParams(withQuery(asked, documents.persisted)),
      onSubscribe: ({ context, raw: { budget } }, params) => {
        const read = documents.read(params)
        if (!read.ok) return read.errors
        const { cost, ...runnable } = read.value
        budget.left -= cost
        if (budget.left < 0) return [tooCostly(COST_MAX - budget.left)]
        return { schema, ...runnable, contextValue: context as never }
      }
    })
  }

  take(request: AskedRequest, respond: Respond): void {
    this.answer(request).then(respond, (error: Error) => {
      this.options.fault(error)
      respond(refused({ ok: false, code: "unavailable", message: "The hub could not answer this." }))
    })
  }

  private async answer(request: AskedRequest): Promise<Response> {
    if (request.body === undefined || request.body.byteLength > MESSAGE_BYTES_MAX) return tooLarge
    const budget = { left: COST_MAX }
    const read = bodyOf(request)
    if (!read.ok) return wrongBody(read.refusal.message)
    if (!Array.isArray(read.value)) return responseOf(await this.run(request, { request, body: read.value, budget }))
    const operations = read.value as ReadonlyArray<unknown>
    if (operations.length === 0 || operations.length > BATCH_MAX) {
      return wrongBody(`Send 1 to ${BATCH_MAX} operations in an array.`)
    }
    const bodies: Array<string> = []
    // One after the other, as they stand: a mutation is seen by the query behind it.
    for (const body of operations) {
      const [text, { status }] = await this.run(request, { request, body, budget })
      bodies.push(text ?? JSON.stringify({ errors: [{ message: `This cannot be asked so (${status}).` }] }))
    }
    return { status: 200, contentType: "application/json; charset=utf-8", body: `[${bodies.join(",")}]` }
  }

  private run(request: AskedRequest, raw: Asking): Promise<HttpResponse> {
    const { address, headers, method, path, principal, receivedAtMs, search } = request
    return this.handler({
      method: method === "head" ? "GET" : method.toUpperCase(),
      url: search === "" ? path : `${path}?${search}`,
      headers,
      body: null,
      raw,
      context: {
        address,
        principal,
        services: this.options.services,
        receivedAtMs,
        traceparent: headers[TRACEPARENT]
      }
    })
  }
}

const tooLarge = refused(invalid(`The body is too large: it has at most ${MESSAGE_BYTES_MAX / 1024} KiB.`), 413)

const wrongBody = (message: string): Response =>
  json(400, { errors: [{ message, extensions: { code: "invalid_request" } }] })

const responseOf = ([body, { headers = {}, status }]: HttpResponse): Response => {
  const { "content-type": contentType = "text/plain", ...others } = headers
  return { status, contentType, body: body ?? "", headers: others }
}

/** Nothing when it does not come as JSON: which the protocol's library says. */
const bodyOf = ({ body, headers, method }: Request): Decoded<unknown> => {
  const isJson = method === "post" && headers["content-type"]?.startsWith("application/json") === true
  return isJson && body !== undefined ? decodeJson(body, MESSAGE_BYTES_MAX) : { ok: true, value: undefined }
}

/** The request with its body, and with the text of the query that it names. Throws the sentence that says what is wrong. */
const withQuery = (asked: Asked, persisted: PersistedQueries): Asked => {
  const { body, request } = asked.raw
  if (request.method !== "post") {
    const query = new URLSearchParams(request.search)
    const text = persisted.textOf({ query: query.get("query"), extensions: jsonIn(query.get("extensions")) })
    if (typeof text !== "string") return asked
    query.set("query", text)
    return { ...asked, url: `${request.path}?${query.toString()}` }
  }
  if (body === undefined) return asked
  if (typeof body !== "object" || body === null) throw new Error("Send a JSON object with query, or an array of them.")
  const fields = body as Record<string, unknown>
  return { ...asked, body: { ...fields, query: persisted.textOf(fields) } }
}

const jsonIn = (text: string | null): unknown => {
  try {
    return JSON.parse(text ?? "null") as unknown
  } catch {
    throw new GraphQLError("Send extensions as JSON.")
  }
}
