/**
 * One part of the schema: its types in GraphQL's own language, and what answers for their fields.
 *
 * A part extends `Query`, `Mutation` and `Subscription`, which `schema.ts` begins. Fields without a resolver are read from
 * what their object was resolved to; those of `Subscription` are what starts one.
 */
import type { GraphQLResolveInfo } from "graphql"
import type { GraphqlContext } from "./context.ts"

/** Arguments have been checked against the schema; those left out may be absent or null. */
// eslint-disable-next-line typescript/no-explicit-any
export type Resolver = (source: any, args: any, context: GraphqlContext, info: GraphQLResolveInfo) => unknown

export interface Part {
  readonly types: string
  readonly resolvers: Readonly<Record<string, Readonly<Record<string, Resolver>>>>
}
