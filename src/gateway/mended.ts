/**
 * What a value would be with everything taken out that a schema refuses: an empty text, 0, false, nothing. For an editor, who
 * wants to hear of the rest as well while something is unreadable.
 */
import { type Schema, SchemaAST } from "effect"
import { boundsOf } from "./wanted.ts"

/** Together with all faults of `faultsBySchema`: what is in place of a fault is made up. */
export const mended = <A>(schema: Schema.Codec<A>, value: unknown): A => made(schema.ast, value) as A

const made = (ast: SchemaAST.AST, value: unknown): unknown => {
  switch (ast._tag) {
    case "String":
      return typeof value === "string" ? value : ""
    case "Number":
      return typeof value === "number" ? value : 0
    case "Boolean":
      return value === true
    case "Arrays":
      return arrayOf(ast, value)
    case "Objects":
      return objectOf(ast, fieldsOf(value))
    case "Union":
      return oneOf(ast, value)
    case "Literal":
      return ast.literal
    default:
      return null
  }
}

type Fields = Readonly<Record<string, unknown>>

const fieldsOf = (value: unknown): Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : {}

const arrayOf = (ast: SchemaAST.Arrays, value: unknown): ReadonlyArray<unknown> => {
  const [item] = ast.rest
  const { maxLength = Infinity } = boundsOf(ast)
  if (!Array.isArray(value) || item === undefined || value.length > maxLength) return []
  return value.map((one: unknown) => made(item, one))
}

const objectOf = ({ indexSignatures, propertySignatures }: SchemaAST.Objects, fields: Fields): object => {
  const entries = propertySignatures.flatMap(({ name, type }) => {
    const key = String(name)
    if (!Object.hasOwn(fields, key) && SchemaAST.isOptional(type)) return []
    return [[key, made(type, Object.hasOwn(fields, key) ? fields[key] : undefined)] as const]
  })
  const [others] = indexSignatures
  const named =
    others === undefined ? [] : Object.entries(fields).map(([key, one]) => [key, made(others.type, one)] as const)
  return Object.fromEntries([...entries, ...named])
}

/** As the value's own kind would be: by the fixed text that it has in common with one of them, or by what it is. */
const oneOf = ({ types }: SchemaAST.Union, value: unknown): unknown => {
  if (types.some((type) => type._tag === "Literal" && type.literal === value)) return value
  if (value === null && types.some(({ _tag }) => _tag === "Null")) return null
  const fields = fieldsOf(value)
  const isMeant = (type: SchemaAST.AST): boolean =>
    type._tag === "Objects" &&
    type.propertySignatures.some(
      ({ name, type: tag }) => tag._tag === "Literal" && tag.literal === fields[String(name)]
    )
  return made(types.find(isMeant) ?? (types[0] as SchemaAST.AST), value)
}
