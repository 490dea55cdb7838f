/**
 * Calls of Shopify's Admin GraphQL, with its own way of saying "too many" and "not allowed": inside a 200.
 */
import { failed, type Result, succeeded } from "../../adapter.ts"
import { callChannel } from "../../http-call.ts"
import type { ShopifySettings } from "./settings.ts"

interface GraphqlAnswer {
  readonly data?: unknown
  readonly errors?: ReadonlyArray<{
    readonly message?: string
    readonly extensions?: { readonly code?: string }
  }>
  readonly extensions?: {
    readonly cost?: {
      readonly requestedQueryCost?: number
      readonly throttleStatus?: { readonly currentlyAvailable?: number; readonly restoreRate?: number }
    }
  }
}

export type Query = <Data>(
  document: string,
  variables: Readonly<Record<string, unknown>>,
  signal: AbortSignal
) => Promise<Result<Data>>

export const graphqlOf = (settings: ShopifySettings, fetcher: typeof fetch): Query => {
  const url = `${settings.baseUrl}/admin/api/${settings.apiVersion}/graphql.json`
  return async <Data>(query: string, variables: Readonly<Record<string, unknown>>, signal: AbortSignal) => {
    const headers = { "x-shopify-access-token": settings.accessToken }
    const result = await callChannel(fetcher, { method: "POST", url, headers, body: { query, variables }, signal })
    if (!result.ok) return result
    const { status, body } = result.value
    if (status === 402 || status === 423) {
      return failed({ kind: "unauthorized", message: `Shopify has frozen or locked the shop (${status}).` })
    }
    if (status >= 400) return failed({ kind: "unavailable", message: `Shopify answered ${status}.` })
    return readAnswer<Data>((body ?? {}) as GraphqlAnswer)
  }
}

const readAnswer = <Data>(answer: GraphqlAnswer): Result<Data> => {
  const [error] = answer.errors ?? []
  if (error === undefined) {
    return typeof answer.data === "object" && answer.data !== null
      ? succeeded(answer.data as Data)
      : failed({ kind: "unavailable", message: "Shopify answered without data." })
  }
  const code = error.extensions?.code
  if (code === "THROTTLED") {
    return failed({ kind: "throttled", message: "Shopify allows no more for now.", retryAfterMs: waitMs(answer) })
  }
  const said = (error.message ?? "no reason given").slice(0, 300)
  if (code === "ACCESS_DENIED" || code === "UNAUTHENTICATED") {
    return failed({ kind: "unauthorized", message: `Shopify does not allow it; look at the app's scopes. ${said}` })
  }
  return failed({ kind: "unavailable", message: `Shopify did not carry it out: ${said}` })
}

/** Until the bucket holds what was asked for. */
const waitMs = ({ extensions }: GraphqlAnswer): number => {
  const { requestedQueryCost = 100, throttleStatus } = extensions?.cost ?? {}
  const { currentlyAvailable = 0, restoreRate = 50 } = throttleStatus ?? {}
  return Math.max(100, Math.ceil(((requestedQueryCost - currentlyAvailable) * 1_000) / Math.max(1, restoreRate)))
}
