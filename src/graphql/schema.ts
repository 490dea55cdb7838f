/**
 * The schema: the parts put together. Each part says what it is about; nothing is decided here.
 */
import {
  buildASTSchema,
  type GraphQLFieldMap,
  type GraphQLSchema,
  GraphQLScalarType,
  isObjectType,
  parse
} from "graphql"
import type { Part, Resolver } from "./part.ts"
import { DateTime, Json, SafeInt } from "./scalars.ts"
import { cartRequests } from "./cart-requests.ts"
import { carts } from "./carts.ts"
import { channels } from "./channels.ts"
import { hub } from "./hub.ts"
import { lowStock } from "./low-stock.ts"
import { payments } from "./payments.ts"
import { recoverySettings } from "./recovery-settings.ts"
import { recovery } from "./recovery.ts"
import { stock } from "./stock.ts"
import { stockRequests } from "./stock-requests.ts"
import { work } from "./work.ts"

const roots = /* GraphQL */ `
  scalar SafeInt
  scalar DateTime
  scalar Json
  type Query
  type Mutation
  type Subscription
`

export const PARTS: ReadonlyArray<Part> = [
  stock,
  stockRequests,
  work,
  lowStock,
  carts,
  cartRequests,
  payments,
  channels,
  recovery,
  recoverySettings,
  hub
]

export const makeSchema = (parts: ReadonlyArray<Part> = PARTS): GraphQLSchema => {
  const schema = buildASTSchema(parse([roots, ...parts.map(({ types }) => types)].join("\n")))
  for (const scalar of [SafeInt, DateTime, Json]) become(schema, scalar)
  for (const { resolvers } of parts) {
    for (const [type, fields] of Object.entries(resolvers)) attach(schema, type, fields)
  }
  return schema
}

/** A scalar of the text knows only its name. */
const become = (schema: GraphQLSchema, scalar: GraphQLScalarType): void => {
  const named = schema.getType(scalar.name)
  if (!(named instanceof GraphQLScalarType)) throw new Error(`There is no scalar ${scalar.name} in the schema.`)
  const { description, serialize, parseValue, parseLiteral } = scalar
  Object.assign(named, { description, serialize, parseValue, parseLiteral })
}

const attach = (schema: GraphQLSchema, name: string, resolvers: Readonly<Record<string, Resolver>>): void => {
  const type = schema.getType(name)
  const fields: GraphQLFieldMap<unknown, unknown> = isObjectType(type) ? type.getFields() : {}
  for (const [field, resolver] of Object.entries(resolvers)) {
    const definition = fields[field]
    if (definition === undefined) throw new Error(`There is no field ${name}.${field} in the schema.`)
    if (name === "Subscription") definition.subscribe = resolver as never
    else definition.resolve = resolver as never
  }
}
