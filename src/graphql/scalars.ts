/**
 * Numbers and times as the hub has them. GraphQL's own `Int` ends at 2^31: versions, sums and minor units may be larger.
 */
import { GraphQLError, GraphQLScalarType, Kind, valueFromASTUntyped } from "graphql"

const safe = (value: unknown): number => {
  if (typeof value === "number" && Number.isSafeInteger(value)) return value
  throw new GraphQLError("SafeInt is an integer from -(2^53 - 1) to 2^53 - 1, sent as a JSON number.")
}

export const SafeInt = new GraphQLScalarType<number, number>({
  name: "SafeInt",
  description: "An integer that a double holds exactly, from -(2^53 - 1) to 2^53 - 1, as a JSON number.",
  serialize: safe,
  parseValue: safe,
  parseLiteral: (node) => safe(node.kind === Kind.INT ? Number(node.value) : undefined)
})

const time = (value: unknown): string => {
  if (value instanceof Date) return value.toISOString()
  if (typeof value === "string" && !Number.isNaN(Date.parse(value))) return value
  throw new GraphQLError("DateTime is an ISO 8601 time, as 2026-01-31T12:00:00.000Z.")
}

export const DateTime = new GraphQLScalarType<string, string>({
  name: "DateTime",
  description: "A moment as ISO 8601 in UTC, as 2026-01-31T12:00:00.000Z.",
  serialize: time,
  parseValue: time,
  parseLiteral: (node) => time(node.kind === Kind.STRING ? node.value : undefined)
})

export const Json = new GraphQLScalarType<unknown, unknown>({
  name: "Json",
  description: "Any JSON value, whole: what has names of somebody's own has no fields that a schema could tell.",
  serialize: (value) => value,
  parseValue: (value) => value,
  parseLiteral: (node, variables) => valueFromASTUntyped(node, variables)
})
