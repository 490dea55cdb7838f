/**
 * Reads a message by the schema that the document is made from. What is sent in numbers, to stock and to carts, is read by
 * hand (`decode.ts`, `carts/decode.ts`), several times as fast, and compared with its schemas by properties.
 */
import { Result, Schema, SchemaAST, type SchemaIssue } from "effect"
import { type Decoded, invalid } from "./decode.ts"
import { asOneOf, boundsOf, literalsOf, ownWords, wantedOf } from "./wanted.ts"

export interface Fault {
  /** As `lines[2].quantity`. */
  readonly path: string
  /** Says what to send instead. */
  readonly message: string
}

/** Refused with the first thing that is wrong. */
export const decodeBySchema = <A>(schema: Schema.Codec<A>, body: unknown): Decoded<A> => {
  const read = Schema.decodeUnknownResult(schema)(body)
  if (Result.isSuccess(read)) return { ok: true, value: read.success }
  const [fault] = faultsIn(read.failure.issue, { path: "", ast: schema.ast, tell: withPlace })
  return { ok: false, refusal: invalid(fault?.message ?? "Send it as the OpenAPI document tells.", fault?.path ?? "") }
}

/** Everything that is wrong, in sentences that do not name the place again; none: it is as the schema has it. */
export const faultsBySchema = (schema: Schema.Codec<unknown, unknown>, value: unknown): ReadonlyArray<Fault> => {
  const read = Schema.decodeUnknownResult(schema)(value, { errors: "all" })
  return Result.isSuccess(read) ? [] : faultsIn(read.failure.issue, { path: "", ast: schema.ast, tell: plainly })
}

type Tell = (path: string, wanted: string) => string

const isSentence = (wanted: string): boolean => /^[A-Z]/.test(wanted)
const plainly: Tell = (_path, wanted) => (isSentence(wanted) ? wanted : `Send ${wanted.replace(/^as /, "")}.`)
const withPlace: Tell = (path, wanted) =>
  path === "" || isSentence(wanted) ? plainly(path, wanted) : `Send ${path} ${wanted}.`

interface Place {
  readonly path: string
  /** What is wanted there, as far as it is known. */
  readonly ast: SchemaAST.AST | undefined
  readonly tell: Tell
}

const faultsIn = (issue: SchemaIssue.Issue, place: Place): ReadonlyArray<Fault> => {
  switch (issue._tag) {
    case "Composite":
      return hasItemBehind(issue)
        ? [sentence({ ...place, ast: issue.ast })]
        : issue.issues.flatMap((one) => faultsIn(one, { ...place, ast: issue.ast }))
    case "Pointer":
      return faultsIn(issue.issue, issue.path.reduce(inside, place))
    case "AnyOf":
      return issue.issues.length === 0 ? [sentence({ ...place, ast: issue.ast })] : nearest(issue, place)
    case "Filter":
      if (issue.issue._tag === "InvalidValue") return [sentence(place, saidBy(issue.issue))]
      // A rule between fields points at one of them; that field as such is as it is wanted.
      return faultsIn(issue.issue, { ...place, ast: undefined })
    case "Encoding":
      return faultsIn(issue.issue, place)
    case "InvalidValue":
      return [sentence(place, saidBy(issue))]
    default:
      return [sentence(place)]
  }
}

/** Something is wrong where nothing may be any more: that the list is too long is told, and not what is in it. */
const hasItemBehind = ({ ast, issues }: SchemaIssue.Composite): boolean => {
  const { maxLength } = boundsOf(ast)
  if (ast._tag !== "Arrays" || maxLength === undefined) return false
  return issues.some((one) => one._tag === "Pointer" && Number(one.path[0]) >= maxLength)
}

const saidBy = ({ annotations }: SchemaIssue.InvalidValue): string | undefined =>
  annotations?.message as string | undefined

/** What a check says itself stands where the schema has no words of its own. */
const sentence = ({ ast, path, tell }: Place, said?: string): Fault => {
  const wanted = ast === undefined ? "as the OpenAPI document tells" : wantedOf(ast)
  const isSaid = said !== undefined && (ast === undefined || ownWords(ast) === undefined)
  if (isSaid) return { path, message: said }
  return { path, message: tell(path, wanted) }
}

const inside = ({ ast, path, tell }: Place, key: PropertyKey): Place => ({
  tell,
  path: typeof key === "number" ? `${path}[${key}]` : path === "" ? String(key) : `${path}.${String(key)}`,
  ast: within(ast, key)
})

const within = (ast: SchemaAST.AST | undefined, key: PropertyKey): SchemaAST.AST | undefined => {
  if (ast?._tag === "Arrays") return ast.elements[Number(key)] ?? ast.rest[0]
  if (ast?._tag !== "Objects") return undefined
  return ast.propertySignatures.find(({ name }) => name === key)?.type ?? ast.indexSignatures[0]?.type
}

/**
 * Of what may be one of several things: of which it is meant to be one is told by its first field, as `type`. Where none of
 * them fits, all that would are named.
 */
const nearest = ({ ast, issues }: SchemaIssue.AnyOf, place: Place): ReadonlyArray<Fault> => {
  const meant = issues.find((one) => tagIn(one) === undefined)
  if (meant !== undefined) return faultsIn(meant, place)
  const tag = tagIn(issues[0] as SchemaIssue.Issue) as PropertyKey
  const { path } = inside({ ...place, ast: undefined }, tag)
  const literals = ast.types.flatMap((one) => literalsOf(within(one, tag)) ?? [])
  return [{ path, message: place.tell(path, asOneOf([...new Set(literals)])) }]
}

/** The first field's name, when it is the first thing that is wrong and only fixed texts may stand there. */
const tagIn = (issue: SchemaIssue.Issue): PropertyKey | undefined => {
  if (issue._tag !== "Composite" || issue.ast._tag !== "Objects") return undefined
  const [first] = issue.issues
  const [tag] = issue.ast.propertySignatures
  if (first._tag !== "Pointer" || tag === undefined || first.path[0] !== tag.name) return undefined
  return literalsOf(tag.type) === undefined ? undefined : tag.name
}
