/**
 * Turns a selection of a flat object into a text with gaps, so that a change costs a microsecond and not an execution.
 *
 * The selection is executed once, over an object whose values are marks that can stand nowhere else in the result: names
 * (of fields, aliases, types) consist of letters, digits and underscores. Cut at the marks, the result is the template.
 * Whatever the language can say of a flat object (aliases, fragments, `@skip`) is thereby said by the library itself.
 */
import { getNamedType, isObjectType } from "graphql"
import { type Normal, resultText } from "./selection.ts"

type Flat = Readonly<Record<string, unknown>>

interface Mark {
  readonly value: unknown
  readonly text: string
}

const markOf = (index: number, type: string): Mark | undefined => {
  if (type === "String") return { value: `%${index}%`, text: `"%${index}%"` }
  if (type === "DateTime") {
    const value = new Date(index).toISOString()
    return { value, text: `"${value}"` }
  }
  if (type !== "SafeInt") return undefined
  const value = -Number.MAX_SAFE_INTEGER + index
  return { value, text: String(value) }
}

/** Fields that have no mark are null in it: an object in which one is not must be executed. */
export const template = (normal: Normal): ((source: Flat) => string) => {
  const type = getNamedType(normal.schema.getSubscriptionType()?.getFields()[normal.field]?.type)
  const fields = isObjectType(type) ? Object.values(type.getFields()) : []
  const marks = new Map<string, string>()
  const probe: Record<string, unknown> = {}
  const unmarked: Array<string> = []
  for (const [index, { name, type: of }] of fields.entries()) {
    const mark = markOf(index + 1, getNamedType(of).name)
    if (mark === undefined) unmarked.push(name)
    else marks.set(mark.text, name)
    probe[name] = mark?.value ?? null
  }
  const { gaps, texts } = cut(resultText(normal, probe), marks)
  return (source) => {
    if (unmarked.some((name) => source[name] !== undefined)) return resultText(normal, source)
    let text = texts[0] as string
    for (let gap = 0; gap < gaps.length; gap++)
      text += JSON.stringify(source[gaps[gap] as string]) + (texts[gap + 1] as string)
    return text
  }
}

const cut = (text: string, marks: ReadonlyMap<string, string>) => {
  const texts: Array<string> = []
  const gaps: Array<string> = []
  let from = 0
  for (const { 0: found, index } of text.matchAll(/"[^"]*"|-\d+/g)) {
    const field = marks.get(found)
    if (field === undefined) continue
    texts.push(text.slice(from, index))
    gaps.push(field)
    from = index + found.length
  }
  return { texts: [...texts, text.slice(from)], gaps }
}
