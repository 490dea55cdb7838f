/**
 * A JSON Schema as lines that people read: each field with what it takes, fields of fields under it. What a reference names is told in
 * its place, but where it stands within itself.
 */
export interface JsonSchema {
  readonly $ref?: string
  readonly type?: string
  readonly format?: string
  readonly description?: string
  readonly enum?: ReadonlyArray<unknown>
  readonly const?: unknown
  readonly anyOf?: ReadonlyArray<JsonSchema>
  readonly oneOf?: ReadonlyArray<JsonSchema>
  readonly allOf?: ReadonlyArray<JsonSchema>
  readonly items?: JsonSchema | boolean
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly required?: ReadonlyArray<string>
  readonly additionalProperties?: JsonSchema | boolean
  readonly minimum?: number
  readonly maximum?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly minItems?: number
  readonly maxItems?: number
}

export type Schemas = Readonly<Record<string, JsonSchema>>

export interface Line {
  readonly depth: number
  /** Of a field; absent where one of several shapes begins. */
  readonly name?: string
  readonly isOptional: boolean
  /** What it takes. */
  readonly takes: string
  readonly note?: string
}

/** Deeper than anything that the hub takes or tells. */
const DEPTH_MAX = 8

export const linesOf = (schema: JsonSchema, schemas: Schemas): ReadonlyArray<Line> => {
  const lines: Array<Line> = []
  const { inner } = described(schema, schemas, [])
  if (inner === undefined) lines.push(lineOf(schema, schemas, 0))
  else collect(inner, { schemas, lines, within: namesOf(schema) }, 0)
  return lines
}

interface Collecting {
  readonly schemas: Schemas
  readonly lines: Array<Line>
  /** Names of the references that are being told. */
  readonly within: ReadonlyArray<string>
}

const lineOf = (schema: JsonSchema, schemas: Schemas, depth: number): Line => {
  const { takes, note } = described(schema, schemas, [])
  return { depth, isOptional: false, takes, ...(note === undefined ? {} : { note }) }
}

const collect = (schema: JsonSchema, given: Collecting, depth: number): void => {
  if (depth > DEPTH_MAX) return
  const choices = schema.anyOf ?? schema.oneOf
  const needed = choices?.map(onlyRequired)
  if (needed?.every((name) => name !== undefined) === true) {
    given.lines.push({ depth, isOptional: false, takes: `at least one of ${needed.join(", ")}` })
    return
  }
  if (choices !== undefined) {
    for (const [nth, choice] of choices.entries()) {
      const { takes, inner } = described(choice, given.schemas, given.within)
      given.lines.push({ depth, isOptional: false, takes: nth === 0 ? `either ${takes}` : `or ${takes}` })
      if (inner !== undefined) collect(inner, { ...given, within: [...given.within, ...namesOf(choice)] }, depth + 1)
    }
    return
  }
  for (const part of schema.allOf ?? []) collect(resolved(part, given.schemas), given, depth)
  const required = new Set(schema.required)
  for (const [name, field] of Object.entries(schema.properties ?? {})) {
    const { takes, note, inner } = described(field, given.schemas, given.within)
    given.lines.push({ depth, name, isOptional: !required.has(name), takes, ...(note === undefined ? {} : { note }) })
    if (inner !== undefined) collect(inner, { ...given, within: [...given.within, ...namesOf(field)] }, depth + 1)
  }
  const others = schema.additionalProperties
  if (typeof others === "object" && Object.keys(schema.properties ?? {}).length === 0) {
    const { takes, inner } = described(others, given.schemas, given.within)
    given.lines.push({ depth, name: "each name", isOptional: true, takes })
    if (inner !== undefined) collect(inner, { ...given, within: [...given.within, ...namesOf(others)] }, depth + 1)
  }
}

/** The field that must be there, where that is all that is said. */
const onlyRequired = ({ required, ...others }: JsonSchema): string | undefined =>
  required?.length === 1 && Object.keys(others).length === 0 ? required[0] : undefined

const nameOf = (reference: string): string => reference.slice(reference.lastIndexOf("/") + 1)

/** Of what it refers to, itself or for its items. */
const namesOf = (schema: JsonSchema): ReadonlyArray<string> => {
  const items = typeof schema.items === "object" ? schema.items : undefined
  return [schema.$ref, items?.$ref].flatMap((reference) => (reference === undefined ? [] : [nameOf(reference)]))
}

const resolved = (schema: JsonSchema, schemas: Schemas): JsonSchema =>
  schema.$ref === undefined ? schema : (schemas[nameOf(schema.$ref)] ?? {})

interface Described {
  readonly takes: string
  readonly note?: string | undefined
  /** What has fields or choices of its own, to be told below. */
  readonly inner?: JsonSchema
}

const described = (given: JsonSchema, schemas: Schemas, within: ReadonlyArray<string>): Described => {
  const schema = resolved(given, schemas)
  const note = given.description ?? schema.description
  const reference = given.$ref === undefined ? undefined : nameOf(given.$ref)
  if (reference !== undefined && within.includes(reference)) return { takes: `${reference}, as above`, note }
  if (schema.enum !== undefined) return { takes: schema.enum.map((value) => JSON.stringify(value)).join(" | "), note }
  if (schema.const !== undefined) return { takes: JSON.stringify(schema.const), note }
  if (schema.anyOf !== undefined || schema.oneOf !== undefined) return ofChoices(schema, schemas, note)
  if (schema.type === "array") {
    const items = described(typeof schema.items === "object" ? schema.items : {}, schemas, within)
    const list = { takes: `list of ${items.takes}${span(schema.minItems, schema.maxItems)}`, note }
    return items.inner === undefined ? list : { ...list, inner: items.inner }
  }
  if (schema.type === "object" || schema.properties !== undefined || schema.allOf !== undefined) {
    return { takes: "object", note, inner: schema }
  }
  return { takes: plain(schema), note }
}

/** Choices without fields fit one line. */
const ofChoices = (schema: JsonSchema, schemas: Schemas, note: string | undefined): Described => {
  const choices = (schema.anyOf ?? schema.oneOf ?? []).map((choice) => described(choice, schemas, []))
  return choices.every(({ inner }) => inner === undefined)
    ? { takes: choices.map(({ takes }) => takes).join(" | "), note }
    : { takes: "one of", note, inner: schema }
}

const plain = ({ format, maxLength, maximum, minLength, minimum, type }: JsonSchema): string => {
  if (type === "string") return `${format === undefined ? "text" : format}${span(minLength, maxLength, " characters")}`
  if (type === "integer" || type === "number") return `${type}${span(minimum, maximum)}`
  return type ?? "anything"
}

const span = (least: number | undefined, most: number | undefined, unit = ""): string => {
  const isBounded = most !== undefined && most < Number.MAX_SAFE_INTEGER
  const isRaised = least !== undefined && least > -Number.MAX_SAFE_INTEGER
  if (isRaised && isBounded) return `, ${least} to ${most}${unit}`
  if (isRaised) return `, at least ${least}${unit}`
  return isBounded ? `, at most ${most}${unit}` : ""
}
