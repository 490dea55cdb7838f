/**
 * Fields that are answered by the routes of HTTP themselves: read, decided and refused there, so that both say the same.
 */
import type { Respond } from "../gateway/http/stock.ts"
import type { AskedRequest } from "../gateway/serving.ts"
import { TRACEPARENT } from "../tracing/traceparent.ts"
import type { GraphqlContext } from "./context.ts"
import { type AnyRefusal, refusal } from "./refusals.ts"

/** What a route answers, or its refusal as an error. */
export const routed = (ask: (respond: Respond) => void): Promise<unknown> =>
  new Promise((resolve, reject) =>
    ask(({ body, status }) => {
      const answer = JSON.parse(typeof body === "string" ? body : Buffer.from(body).toString()) as unknown
      if (status < 300) resolve(answer)
      else reject(refusal(answer as AnyRefusal))
    })
  )

interface Said {
  readonly query?: Readonly<Record<string, unknown>>
  readonly body?: unknown
}

/** As HTTP would bring it, once it is known who asks and that they may. */
export const requestOf = (
  { address, principal, receivedAtMs, traceparent }: GraphqlContext,
  { body, query = {} }: Said
): AskedRequest => {
  const search = new URLSearchParams(
    Object.entries(query).map(([name, value]) => [name, String(value)] as [string, string])
  )
  return {
    method: body === undefined ? "get" : "post",
    path: "/graphql",
    query: search,
    search: search.toString(),
    address,
    headers: traceparent === undefined ? {} : { [TRACEPARENT]: traceparent },
    body: Buffer.from(body === undefined ? "" : JSON.stringify(body)),
    receivedAtMs,
    principal
  }
}
