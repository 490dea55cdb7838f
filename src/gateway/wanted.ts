/**
 * What a schema wants at a place, as the end of a sentence: "Send quantity as an integer from 1 to 1000000." Made from the
 * schema itself, so that the sentence, the check and the document say one thing; where a schema can be put better in words,
 * it carries them as its annotation `wanted`: what stands behind "Send <place>", or a whole sentence.
 */
import { SchemaAST } from "effect"

export const wantedOf = (ast: SchemaAST.AST): string => ownWords(ast) ?? derived(ast)

/** `undefined`: it has none of its own. */
export const ownWords = (ast: SchemaAST.AST): string | undefined => SchemaAST.resolveAt<string>("wanted")(ast)

const derived = (ast: SchemaAST.AST): string => {
  switch (ast._tag) {
    case "String":
      return `as a string${counted(ast, "characters")}`
    case "Number":
      return numeric(ast)
    case "Boolean":
      return "as true or false"
    case "Null":
      return "as null"
    case "Arrays":
      return `as an array${counted(ast, "items")}`
    case "Union":
      return oneOf(ast)
    case "Literal":
      return `as ${String(ast.literal)}`
    default:
      return "as a JSON object"
  }
}

/** Texts that alone may stand there; `undefined`: others may as well. */
export const literalsOf = (ast: SchemaAST.AST | undefined): ReadonlyArray<string> | undefined => {
  if (ast?._tag === "Literal") return [String(ast.literal)]
  if (ast?._tag !== "Union") return undefined
  const inside = ast.types.map(literalsOf)
  return inside.includes(undefined) ? undefined : (inside as ReadonlyArray<ReadonlyArray<string>>).flat()
}

/** `as a, b or c` */
export const asOneOf = (literals: ReadonlyArray<string>): string =>
  literals.length > 2 ? `as one of ${literals.join(", ")}` : `as ${literals.join(" or ")}`

const oneOf = (ast: SchemaAST.Union): string => {
  const literals = literalsOf(ast)
  if (literals !== undefined) return asOneOf(literals)
  return [...new Set(ast.types.map(wantedOf))].join(" or ")
}

interface Bounds {
  readonly minimum?: number
  readonly maximum?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly number?: string
}

/** All that the checks ask for, as they tell it to what generates values. */
export const boundsOf = (ast: SchemaAST.AST): Bounds =>
  Object.assign(
    {},
    ...(ast.checks ?? []).map(({ annotations }) => annotations?.["arbitraryConstraint"] ?? {})
  ) as Bounds

const counted = (ast: SchemaAST.AST, what: string): string => {
  const { maxLength, minLength = 0 } = boundsOf(ast)
  if (maxLength === undefined) return minLength > 0 ? ` of at least ${minLength} ${what}` : ""
  return minLength > 0 ? ` of ${minLength} to ${maxLength} ${what}` : ` of at most ${maxLength} ${what}`
}

const numeric = (ast: SchemaAST.AST): string => {
  const { maximum, minimum, number } = boundsOf(ast)
  const kind = number === "integer" ? "as an integer" : "as a number"
  if (minimum === undefined) return kind
  return maximum === undefined ? `${kind} from ${minimum}` : `${kind} from ${minimum} to ${maximum}`
}
