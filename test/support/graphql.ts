/**
 * Queries to a hub by plain HTTP.
 */
import type { TestHub } from "./hub.ts"

export interface GraphqlReply {
  readonly data?: Record<string, unknown> | null
  readonly errors?: ReadonlyArray<{
    readonly message: string
    readonly path?: ReadonlyArray<string | number>
    readonly extensions?: Readonly<Record<string, unknown>>
  }>
}

export const ask = async (hub: Pick<TestHub, "url">, query: string, variables?: object): Promise<GraphqlReply> => {
  const response = await fetch(`${hub.url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/graphql-response+json", connection: "close" },
    body: JSON.stringify({ query, variables })
  })
  return (await response.json()) as GraphqlReply
}
