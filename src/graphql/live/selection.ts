/**
 * What a subscription selects of each change, brought to one form, so that everybody who selects the same shares the work.
 *
 * The root field's arguments say which changes; they are left out, with the variables that only they name. What is left,
 * printed, with the values of the variables that it still names, is the selection's key.
 */
import {
  type ConstArgumentNode,
  type DocumentNode,
  executeSync,
  type GraphQLObjectType,
  type GraphQLResolveInfo,
  type GraphQLSchema,
  isRequiredArgument,
  Kind,
  type OperationDefinitionNode,
  print,
  separateOperations,
  visit
} from "graphql"
import { Next } from "./next.ts"

type Variables = Readonly<Record<string, unknown>>

export interface Normal {
  readonly key: string
  readonly schema: GraphQLSchema
  readonly document: DocumentNode
  readonly variables: Variables
  /** The root field. */
  readonly field: string
}

export const normalise = ({
  fieldName,
  fieldNodes,
  fragments,
  operation,
  parentType,
  schema,
  variableValues
}: GraphQLResolveInfo): Normal => {
  const blank = blankArguments(parentType, fieldName)
  const bare: OperationDefinitionNode = {
    kind: Kind.OPERATION_DEFINITION,
    operation: operation.operation,
    selectionSet: {
      kind: Kind.SELECTION_SET,
      selections: fieldNodes.map((node) => ({ ...node, arguments: blank, directives: [] }))
    }
  }
  const whole: DocumentNode = { kind: Kind.DOCUMENT, definitions: [bare, ...Object.values(fragments)] }
  const [document = whole] = Object.values(separateOperations(whole))
  const used = new Set<string>()
  visit(document, { Variable: ({ name }) => void used.add(name.value) })
  const variables = Object.fromEntries([...used].sort().map((name) => [name, variableValues[name]]))
  const definitions = document.definitions.map((node) =>
    node === bare ? { ...bare, ...declaring(operation, used) } : node
  )
  const named = { kind: Kind.DOCUMENT, definitions } as const
  return { key: `${print(named)} ${JSON.stringify(variables)}`, schema, document: named, variables, field: fieldName }
}

/** Texts that a root field cannot be without; what they say is all the same to what is selected. */
const blankArguments = (type: GraphQLObjectType, field: string): ReadonlyArray<ConstArgumentNode> =>
  (type.getFields()[field]?.args ?? []).filter(isRequiredArgument).map(({ name }) => ({
    kind: Kind.ARGUMENT,
    name: { kind: Kind.NAME, value: name },
    value: { kind: Kind.STRING, value: "" }
  }))

const declaring = ({ variableDefinitions = [] }: OperationDefinitionNode, used: ReadonlySet<string>) => ({
  variableDefinitions: variableDefinitions.filter(({ variable }) => used.has(variable.name.value))
})

/** `{"data":{…}}` of one change, as text. */
export const resultText = ({ document, field, schema, variables }: Normal, source: unknown): string =>
  JSON.stringify(executeSync({ schema, document, variableValues: variables, rootValue: { [field]: source } }))

/** Remembers the last change that was encoded: the same one is handed to many, one after the other. */
export class Selection<Source> {
  readonly key: string
  users = 0
  private readonly textOf: (source: Source) => string
  private last: { readonly source: Source; readonly next: Next } | undefined

  constructor(key: string, textOf: (source: Source) => string) {
    this.key = key
    this.textOf = textOf
  }

  encode(source: Source): Next {
    if (this.last?.source !== source) this.last = { source, next: new Next(this.textOf(source)) }
    return this.last.next
  }
}
