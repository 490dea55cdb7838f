/**
 * What stands behind the question mark, read by the schema that the document is made from: what is to be a number is read as
 * one, everything else is a text.
 */
import type { Schema, SchemaAST } from "effect"
import { decodeBySchema } from "./decode-by-schema.ts"
import type { Decoded } from "./decode.ts"

export const readQuery = <A>(schema: Schema.Codec<A>, query: URLSearchParams): Decoded<A> => {
  const { ast } = schema
  const given: Record<string, unknown> = {}
  for (const { name, type } of ast._tag === "Objects" ? ast.propertySignatures : []) {
    const text = query.get(String(name))
    if (text !== null) given[String(name)] = hasNumbers(type) ? numberOf(text) : text
  }
  return decodeBySchema(schema, given)
}

const hasNumbers = (ast: SchemaAST.AST): boolean =>
  ast._tag === "Number" || (ast._tag === "Union" && ast.types.some(hasNumbers))

/** A text that is no number stays one, and is refused as that. */
const numberOf = (text: string): number | string => {
  const number = Number(text)
  return text.trim() === "" || Number.isNaN(number) ? text : number
}
