/**
 * One part of the schema: its types in GraphQL's own language, and what answers for their fields.
 *
 * A part extends `Query`, `Mutation` and `Subscription`, which `schema.ts` begins. Fields without a resolver are read from
 * what their object was resolved to; those of `Subscription` are what starts one.
 */
import type { GraphQLResolveInfo } from "graphql"
import type { GraphqlContext } from "./context.ts"

/**
 * Each says itself of what type its source and arguments are, which the schema has checked; arguments left out may be absent or
 * null.
 */
export type Resolver = (source: never, args: never, context: GraphqlContext, info: GraphQLResolveInfo) => unknown

export interface Part {
  readonly types: string
  readonly resolvers: Readonly<Record<string, Readonly<Record<string, Resolver>>>>
}
