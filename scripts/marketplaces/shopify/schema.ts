/**
 * Shopify's own schema, from its introspection, and queries carried out against it.
 */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { gunzipSync } from "node:zlib"
import {
  buildClientSchema,
  execute,
  type GraphQLSchema,
  type IntrospectionQuery,
  parse,
  Source,
  validate
} from "graphql"
import { projectRoot } from "../../../src/servers/servers.ts"

const FILE = join("data", "specs", "shopify", "admin_2026-07.json.gz")

let loaded: GraphQLSchema | undefined

/** Read once: it takes a tenth of a second and 60 MB. */
export const adminSchema = (): GraphQLSchema => {
  if (loaded !== undefined) return loaded
  const read = JSON.parse(gunzipSync(readFileSync(join(projectRoot(), FILE))).toString("utf8")) as {
    readonly data?: IntrospectionQuery
  }
  loaded = buildClientSchema(read.data ?? (read as unknown as IntrospectionQuery), { assumeValid: true })
  return loaded
}

export interface Executed {
  /** What in the request is not as the schema has it. */
  readonly violations: ReadonlyArray<string>
  readonly body: object
}

export const executeAdmin = async (
  request: { readonly query?: unknown; readonly variables?: unknown },
  rootValue: object
): Promise<Executed> => {
  const schema = adminSchema()
  try {
    const document = parse(new Source(String(request.query)))
    const errors = validate(schema, document)
    if (errors.length > 0) return refused(errors.map(({ message }) => message))
    const variableValues = (request.variables ?? {}) as Record<string, unknown>
    const result = await execute({ schema, document, rootValue, variableValues })
    const messages = (result.errors ?? []).map(({ message }) => message)
    return { violations: messages, body: result }
  } catch (cause) {
    return refused([cause instanceof Error ? cause.message : String(cause)])
  }
}

const refused = (messages: ReadonlyArray<string>): Executed => ({
  violations: messages,
  body: { errors: messages.map((message) => ({ message, extensions: { code: "GRAPHQL_VALIDATION_FAILED" } })) }
})
