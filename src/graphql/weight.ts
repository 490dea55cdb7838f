/**
 * How heavy an operation is: levels, fields, aliases, directives, and the values that may come out of it.
 *
 * Weighed before anything else looks at the document, each fragment once, so that a text in which fragments double one
 * another thirty times costs as much to weigh as it is long. Lists count at the length that they may have: what their field's
 * `limit` says, else an assumed one.
 */
import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLNamedType,
  GraphQLError,
  type GraphQLSchema,
  getNamedType,
  getNullableType,
  isListType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode
} from "graphql"
import * as Limits from "../../config/graphql.ts"

export interface Weight {
  readonly depth: number
  readonly fields: number
  readonly aliases: number
  readonly directives: number
  readonly cost: number
  /** In its document. */
  readonly operations: number
  /** The most often that one name stands for a field with fields of its own. */
  readonly repeats: number
}

type Variables = Readonly<Record<string, unknown>>

const NOTHING: Weight = { depth: 0, fields: 0, aliases: 0, directives: 0, cost: 0, operations: 0, repeats: 0 }

const plus = (a: Weight, b: Weight): Weight => ({
  depth: Math.max(a.depth, b.depth),
  fields: a.fields + b.fields,
  aliases: a.aliases + b.aliases,
  directives: a.directives + b.directives,
  cost: a.cost + b.cost,
  operations: Math.max(a.operations, b.operations),
  repeats: Math.max(a.repeats, b.repeats)
})

/** Variables that are not given count at their default, and if they have none at the most a list may hold. */
export const weigh = (
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
  variables: Variables = {}
): Weight => {
  const root = schema.getRootType(operation.operation) ?? undefined
  return plus(new Scales(document, operation, variables).set(operation.selectionSet, root), {
    ...NOTHING,
    directives: operation.directives?.length ?? 0,
    operations: document.definitions.filter(({ kind }) => kind === Kind.OPERATION_DEFINITION).length
  })
}

class Scales {
  private readonly fragments = new Map<string, FragmentDefinitionNode>()
  /** Of fragments already weighed; `NOTHING` while one is, so that a circle ends: validation speaks of circles. */
  private readonly known = new Map<string, Weight>()
  /** How often each name has stood for a field with fields of its own. */
  private readonly composites = new Map<string, number>()
  private readonly variables: Variables

  constructor(document: DocumentNode, operation: OperationDefinitionNode, variables: Variables) {
    for (const node of document.definitions) {
      if (node.kind === Kind.FRAGMENT_DEFINITION) this.fragments.set(node.name.value, node)
    }
    this.variables = { ...defaultsOf(operation), ...variables }
  }

  set({ selections }: SelectionSetNode, type: GraphQLNamedType | undefined): Weight {
    let sum = NOTHING
    for (const selection of selections) {
      const directives = { ...NOTHING, directives: selection.directives?.length ?? 0 }
      if (selection.kind === Kind.FIELD) sum = plus(sum, plus(directives, this.field(selection, type)))
      else if (selection.kind === Kind.FRAGMENT_SPREAD)
        sum = plus(sum, plus(directives, this.spread(selection.name.value, type)))
      else sum = plus(sum, plus(directives, this.set(selection.selectionSet, type)))
    }
    return sum
  }

  private spread(name: string, type: GraphQLNamedType | undefined): Weight {
    const known = this.known.get(name)
    if (known !== undefined) return known
    this.known.set(name, NOTHING)
    const fragment = this.fragments.get(name)
    const weight = fragment === undefined ? NOTHING : this.set(fragment.selectionSet, type)
    this.known.set(name, weight)
    return weight
  }

  private field(node: FieldNode, parent: GraphQLNamedType | undefined): Weight {
    const own = { ...NOTHING, fields: 1, aliases: node.alias === undefined ? 0 : 1, cost: 1 }
    if (node.selectionSet === undefined) return plus(own, { ...NOTHING, depth: 1 })
    const definition = isObjectType(parent) ? parent.getFields()[node.name.value] : undefined
    const repeats = this.repeated(node.alias?.value ?? node.name.value)
    const below = this.set(node.selectionSet, definition && getNamedType(definition.type))
    // What the schema says of itself is bounded by how large it is, and its levels by the library's own rule.
    if (node.name.value.startsWith("__")) return plus(own, { ...below, depth: 1, cost: 0, repeats })
    const isPage = definition?.args.some(({ name }) => name === "limit") === true
    const isList = definition !== undefined && isListType(getNullableType(definition.type))
    const isItems = isList && node.name.value === "items"
    const times = isPage ? this.limitOf(node, definition.args) : isList && !isItems ? Limits.LIST_LENGTH_ASSUMED : 1
    return plus({ ...own, repeats }, { ...below, depth: below.depth + 1, cost: below.cost * times })
  }

  private repeated(name: string): number {
    const count = (this.composites.get(name) ?? 0) + 1
    this.composites.set(name, count)
    return count
  }

  private limitOf(
    node: FieldNode,
    args: ReadonlyArray<{ readonly name: string; readonly defaultValue?: unknown }>
  ): number {
    const value = node.arguments?.find(({ name }) => name.value === "limit")?.value
    const otherwise = args.find(({ name }) => name === "limit")?.defaultValue
    const given =
      value === undefined
        ? otherwise
        : value.kind === Kind.VARIABLE
          ? (this.variables[value.name.value] ?? otherwise)
          : value.kind === Kind.INT
            ? Number(value.value)
            : undefined
    return typeof given === "number" && given >= 1 ? given : Limits.PAGE_LIMIT_DEFAULT
  }
}

const defaultsOf = ({ variableDefinitions = [] }: OperationDefinitionNode): Variables => {
  const defaults: Record<string, unknown> = {}
  for (const { defaultValue, variable } of variableDefinitions) {
    if (defaultValue?.kind === Kind.INT) defaults[variable.name.value] = Number(defaultValue.value)
  }
  return defaults
}

const COST = ["cost", Limits.COST_MAX, "values that may come out; ask for shorter pages"] as const

const BOUNDS = [
  ["depth", Limits.DEPTH_MAX, "levels of fields"],
  ["fields", Limits.FIELDS_MAX, "fields"],
  ["aliases", Limits.ALIASES_MAX, "aliases"],
  ["directives", Limits.DIRECTIVES_MAX, "directives"],
  ["operations", Limits.OPERATIONS_MAX, "operations beside it"],
  ["repeats", Limits.REPEATS_MAX, "fields of one name with fields of their own"],
  COST
] as const

const tooMuch = (value: number, [of, most, what]: (typeof BOUNDS)[number]): GraphQLError =>
  new GraphQLError(`The operation has ${Math.min(value, Number.MAX_SAFE_INTEGER)} ${what}; ${most} is the most.`, {
    extensions: { code: "too_complex", of, most }
  })

/** What is too much of it, or `undefined`. */
export const tooHeavy = (weight: Weight): GraphQLError | undefined => {
  const bound = BOUNDS.find(([of, most]) => weight[of] > most)
  return bound === undefined ? undefined : tooMuch(weight[bound[0]], bound)
}

export const tooCostly = (cost: number): GraphQLError => tooMuch(cost, COST)
