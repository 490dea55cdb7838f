/**
 * GraphQL as the gateway has it: made once from the services that the HTTP routes use.
 */
import type { GraphqlConfig } from "../../config/graphql.ts"
import type { GraphqlServices } from "./context.ts"
import { Documents } from "./documents.ts"
import { GraphqlRoutes } from "./http.ts"
import { makeSchema } from "./schema.ts"

export interface GraphqlMakings {
  readonly config: GraphqlConfig
  readonly services: GraphqlServices
  /** Told of what a resolver threw that is no refusal. */
  readonly fault: (error: Error) => void
}

export interface Graphql {
  readonly routes: GraphqlRoutes
}

export const makeGraphql = ({ config, fault, services }: GraphqlMakings): Graphql => {
  const schema = makeSchema()
  const documents = new Documents(schema, config)
  return { routes: new GraphqlRoutes({ schema, documents, services, fault }) }
}
