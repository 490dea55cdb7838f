/** What the page of addresses reads of the hub's OpenAPI document. */
import type { JsonSchema, Schemas } from "./shape.ts"

interface Content {
  readonly content?: Readonly<Record<string, { readonly schema: JsonSchema }>>
}

export interface Parameter {
  readonly name: string
  readonly in: string
  readonly required: boolean
  readonly description?: string
  readonly schema: JsonSchema
}

export interface Operation {
  readonly operationId: string
  readonly summary: string
  readonly description: string
  readonly tags: ReadonlyArray<string>
  readonly parameters?: ReadonlyArray<Parameter>
  readonly requestBody?: Content & { readonly required: boolean }
  readonly responses: Readonly<Record<string, Content & { readonly description: string }>>
}

export interface OpenApi {
  readonly tags: ReadonlyArray<{ readonly name: string; readonly description: string }>
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: { readonly schemas: Schemas }
}

export interface Address {
  readonly method: string
  readonly path: string
  readonly operation: Operation
}

interface Part {
  readonly name: string
  readonly about: string
  readonly addresses: ReadonlyArray<Address>
}

/** Its parts with the addresses in which every word of `search` occurs; those with none are left out. */
export const partsOf = ({ paths, tags }: OpenApi, search: string): ReadonlyArray<Part> => {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean)
  const all = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]): Address => ({ method, path, operation }))
  )
  const found = all.filter(({ method, operation, path }) => {
    const text = `${method} ${path} ${operation.summary} ${operation.tags.join(" ")}`.toLowerCase()
    return words.every((word) => text.includes(word))
  })
  return tags.flatMap(({ name, description }) => {
    const addresses = found.filter(({ operation }) => operation.tags.includes(name))
    return addresses.length === 0 ? [] : [{ name, about: description, addresses }]
  })
}

/** The schema of what is sent or answered, and its media type where that is not JSON. */
export const contentOf = (
  content: Content["content"]
): { readonly schema: JsonSchema; readonly mediaType: string | undefined } | undefined => {
  const [first] = Object.entries(content ?? {})
  if (first === undefined) return undefined
  const [mediaType, { schema }] = first
  return { schema, mediaType: mediaType === "application/json" ? undefined : mediaType }
}
