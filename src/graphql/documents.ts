/**
 * From a query's text to a document that may run: parsed, weighed, validated; remembered, because programs ask the same
 * few queries all day.
 */
import {
  type DocumentNode,
  getOperationAST,
  getVariableValues,
  GraphQLError,
  type GraphQLSchema,
  Kind,
  NoSchemaIntrospectionCustomRule,
  parse,
  specifiedRules,
  validate
} from "graphql"

import { type GraphqlConfig, DOCUMENTS_MAX, DOCUMENTS_TEXT_MAX, TOKENS_MAX } from "../../config/graphql.ts"
import { KeptTexts } from "./kept-texts.ts"
import { PersistedQueries } from "./persisted.ts"
import { tooHeavy, weigh } from "./weight.ts"

export type Read<A> =
  | { readonly ok: true; readonly value: A }
  | { readonly ok: false; readonly errors: ReadonlyArray<GraphQLError> }

const fails = (...errors: ReadonlyArray<GraphQLError>): Read<never> => ({ ok: false, errors })

/** What a client asks to be run. */
export interface Asked {
  readonly query: string
  readonly operationName?: string | null | undefined
  readonly variables?: Readonly<Record<string, unknown>> | null | undefined
}

export interface Runnable {
  readonly document: DocumentNode
  readonly operationName: string | undefined
  readonly variableValues: Readonly<Record<string, unknown>>
  readonly cost: number
}

export class Documents {
  readonly persisted: PersistedQueries
  private readonly schema: GraphQLSchema
  private readonly rules: typeof specifiedRules
  private readonly known = new KeptTexts<DocumentNode>({ countMax: DOCUMENTS_MAX, lengthMax: DOCUMENTS_TEXT_MAX })

  constructor(schema: GraphQLSchema, { isIntrospectable, queries }: GraphqlConfig) {
    this.schema = schema
    this.persisted = new PersistedQueries(queries)
    this.rules = isIntrospectable ? specifiedRules : [...specifiedRules, NoSchemaIntrospectionCustomRule]
  }

  /** Everything that is to be known before it runs, its variables and its cost with them included. */
  read({ query, operationName, variables }: Asked): Read<Runnable> {
    const refused = this.persisted.refusal(query)
    if (refused !== undefined) return fails(refused)
    const read = this.document(query)
    if (!read.ok) return read
    const operation = getOperationAST(read.value, operationName)
    if (!operation) return fails(new GraphQLError("Send operationName as one of the document's operations."))
    const given = getVariableValues(this.schema, operation.variableDefinitions ?? [], variables ?? {}, {
      maxErrors: 10
    })
    if (given.errors !== undefined) return fails(...given.errors)
    const weight = weigh(this.schema, read.value, operation, given.coerced)
    const heavy = tooHeavy(weight)
    if (heavy !== undefined) return fails(heavy)
    const { cost } = weight
    return {
      ok: true,
      value: { document: read.value, operationName: operationName ?? undefined, variableValues: variables ?? {}, cost }
    }
  }

  private document(text: string): Read<DocumentNode> {
    const known = this.known.get(text)
    if (known !== undefined) return { ok: true, value: known }
    const parsed = parsedText(text)
    if (!parsed.ok) return parsed
    for (const node of parsed.value.definitions) {
      const heavy =
        node.kind === Kind.OPERATION_DEFINITION ? tooHeavy(weigh(this.schema, parsed.value, node)) : undefined
      if (heavy !== undefined) return fails(heavy)
    }
    const errors = validate(this.schema, parsed.value, this.rules, { maxErrors: 10 })
    if (errors.length > 0) return fails(...errors)
    this.known.put(text, parsed.value, text.length)
    return parsed
  }
}

const parsedText = (text: string): Read<DocumentNode> => {
  try {
    return { ok: true, value: parse(text, { maxTokens: TOKENS_MAX }) }
  } catch (error) {
    if (error instanceof GraphQLError) return fails(error)
    throw error
  }
}
