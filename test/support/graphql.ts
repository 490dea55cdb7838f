/**
 * A hub asked by plain HTTP, and followed over a socket.
 */
import { type Client, createClient } from "graphql-ws"
import { WebSocket } from "ws"
import { eventually, type TestHub } from "./hub.ts"

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

/** The client of `graphql-ws`, which Apollo and urql use too. */
export const connected = (hub: Pick<TestHub, "url">, retryAttempts = 0): Client =>
  createClient({ url: `${hub.url.replace("http", "ws")}/graphql`, webSocketImpl: WebSocket, retryAttempts, lazy: true })

type Result = GraphqlReply

export interface Heard {
  readonly results: Array<Result>
  /** Of results, or instead of them. */
  readonly errors: Array<NonNullable<GraphqlReply["errors"]>[number]>
  readonly ended: Promise<void>
  readonly complete: () => void
  readonly until: (found: () => boolean) => Promise<void>
}

/** Subscribes, and keeps everything that comes. */
export const followed = (client: Client, query: string, variables: Record<string, unknown> = {}): Heard => {
  const results: Array<Result> = []
  const errors: Array<NonNullable<GraphqlReply["errors"]>[number]> = []
  let end: () => void = () => undefined
  const ended = new Promise<void>((resolve) => (end = resolve))
  const complete = client.subscribe<Record<string, unknown>>(
    { query, variables },
    {
      next: (result) => {
        results.push(result as Result)
        errors.push(...((result as Result).errors ?? []))
      },
      error: (error) => {
        if (Array.isArray(error)) errors.push(...(error as Heard["errors"]))
        end()
      },
      complete: end
    }
  )
  return {
    results,
    errors,
    ended,
    complete,
    until: async (found) => void (await eventually(async () => found(), Boolean))
  }
}
