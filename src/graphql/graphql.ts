/**
 * GraphQL as the gateway has it: made once from the services that the HTTP routes use.
 */
import { Effect } from "effect"
import type { GraphqlConfig } from "../../config/graphql.ts"
import type { SocketPath } from "../gateway/serving.ts"
import { Documents } from "./documents.ts"
import { GraphqlRoutes } from "./http.ts"
import { graphqlSockets, type SocketOptions } from "./socket.ts"
import { makeSchema } from "./schema.ts"

export interface GraphqlMakings extends Omit<SocketOptions, "schema" | "documents" | "fault"> {
  readonly config: GraphqlConfig
}

export interface Graphql {
  readonly routes: GraphqlRoutes
  readonly sockets: SocketPath
}

export const makeGraphql = ({ config, ...makings }: GraphqlMakings): Graphql => {
  const schema = makeSchema()
  const documents = new Documents(schema, config)
  const fault = (error: Error): void =>
    makings.services.run(Effect.logError(`GraphQL: ${error.stack ?? error.message}`))
  const options = { ...makings, schema, documents, fault }
  return { routes: new GraphqlRoutes(options), sockets: graphqlSockets(options) }
}
