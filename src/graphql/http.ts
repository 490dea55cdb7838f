/**
 * GraphQL over HTTP, at `/graphql`: POST with a JSON body, GET for queries. `graphql-http` keeps the protocol (content types,
 * statuses, no mutation by GET); what is asked is read by `documents.ts`.
 */
import { execute, type GraphQLSchema } from "graphql"
import { createHandler, type Handler, parseRequestParams, type Request as HttpRequest } from "graphql-http"
import { MESSAGE_BYTES_MAX } from "../../config/limits.ts"
import { decodeJson, invalid } from "../gateway/decode.ts"
import { refused } from "../gateway/http/replies.ts"
import type { Respond } from "../gateway/http/stock.ts"
import type { AskedRequest, Request } from "../gateway/serving.ts"
import type { GraphqlContext, GraphqlServices } from "./context.ts"
import type { Documents } from "./documents.ts"
import { shown } from "./refusals.ts"

export interface GraphqlOptions {
  readonly schema: GraphQLSchema
  readonly documents: Documents
  readonly services: GraphqlServices
  /** Told of what a resolver threw that is no refusal. */
  readonly fault: (error: Error) => void
}

type Asking = HttpRequest<Request, GraphqlContext>

export class GraphqlRoutes {
  private readonly options: GraphqlOptions
  private readonly handler: Handler<Request, GraphqlContext>

  constructor(options: GraphqlOptions) {
    this.options = options
    const { documents, fault, schema } = options
    this.handler = createHandler<Request, GraphqlContext>({
      execute,
      formatError: shown(fault),
      parseRequestParams: (asking) => parseRequestParams(withBody(asking)),
      onSubscribe: ({ context }, params) => {
        const read = documents.read(params)
        if (!read.ok) return read.errors
        const { cost: _cost, ...runnable } = read.value
        return { schema, ...runnable, contextValue: context as never }
      }
    })
  }

  take(request: AskedRequest, respond: Respond): void {
    if (request.body === undefined || request.body.byteLength > MESSAGE_BYTES_MAX) return respond(tooLarge)
    const { headers, method, path, principal, receivedAtMs, search } = request
    const { fault, services } = this.options
    this.handler({
      method: method === "head" ? "GET" : method.toUpperCase(),
      url: search === "" ? path : `${path}?${search}`,
      headers,
      body: null,
      raw: request,
      context: { principal, services, receivedAtMs }
    }).then(
      ([body, { headers: { "content-type": contentType = "text/plain", ...others } = {}, status }]) =>
        respond({ status, contentType, body: body ?? "", headers: others }),
      (error: Error) => {
        fault(error)
        respond(refused({ ok: false, code: "unavailable", message: "The hub could not answer this." }))
      }
    )
  }
}

const tooLarge = refused(invalid(`The body is too large: it has at most ${MESSAGE_BYTES_MAX / 1024} KiB.`), 413)

const isJson = ({ headers }: Request): boolean => headers["content-type"]?.startsWith("application/json") === true

/** Throws the sentence that says what is wrong with the body. */
const withBody = (asking: Asking): Asking => {
  const { body, method } = asking.raw
  if (method !== "post" || !isJson(asking.raw) || body === undefined) return asking
  const decoded = decodeJson(body, MESSAGE_BYTES_MAX)
  if (!decoded.ok) throw new Error(decoded.refusal.message)
  return { ...asking, body: decoded.value as Record<string, unknown> }
}
