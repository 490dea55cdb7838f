/**
 * A source file, read once with a real parser: what it imports, calls and mentions, and how long its functions are.
 *
 * The parser is the build tool's own (Vite's), so that what is checked is what is built.
 */
import { readdirSync, readFileSync } from "node:fs"
import { join, relative, resolve } from "node:path"
import { parseSync } from "vite"

export interface Source {
  /** From the project's root, with `/`. */
  readonly path: string
  readonly lines: number
  /** Why it cannot be parsed; what else is said of it is then not all. */
  readonly errors: ReadonlyArray<string>
  readonly imports: ReadonlyArray<string>
  /** What is called or made, as it is written: `Date.now`, `new Date/0` (with its count of arguments), `it.only`. */
  readonly calls: ReadonlyArray<{ readonly name: string; readonly line: number }>
  /** Every text in it: a file may be used by its name alone, as a worker or a process is. */
  readonly texts: ReadonlyArray<string>
  readonly functions: ReadonlyArray<{ readonly name: string; readonly line: number; readonly lines: number }>
}

const ROOT = resolve(import.meta.dirname, "../..")
export const FOLDERS = ["actors", "config", "scripts", "src", "streams", "test"]
const KINDS = /\.(ts|tsx|mjs)$/

/** Of every source file, in order. */
export const sourcePaths = (): ReadonlyArray<string> =>
  FOLDERS.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && KINDS.test(entry.name) && !entry.parentPath.includes("node_modules"))
      .map((entry) => join(entry.parentPath, entry.name))
  )
    .map((path) => relative(ROOT, path).replaceAll("\\", "/"))
    .toSorted()

export const everySource = (): ReadonlyArray<Source> =>
  sourcePaths().map((path) => sourceOf(path, readFileSync(join(ROOT, path), "utf8")))

/** Files at the root, and pages, that name others: `package.json`, configurations, `index.html`. */
export const rootTexts = (): ReadonlyArray<string> =>
  readdirSync(ROOT, { withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(json|ts|mjs)$/.test(entry.name) && entry.name !== "package-lock.json")
    .map((entry) => readFileSync(join(ROOT, entry.name), "utf8"))

interface Node {
  readonly type: string
  readonly start: number
  readonly end: number
  readonly [field: string]: unknown
}

const isNode = (value: unknown): value is Node =>
  typeof value === "object" && value !== null && typeof (value as { readonly type?: unknown }).type === "string"

const childrenOf = (node: Node): ReadonlyArray<Node> => Object.values(node).flat().filter(isNode)

const FUNCTIONS = new Set(["FunctionDeclaration", "FunctionExpression", "ArrowFunctionExpression"])
const SUITES = /^describe\b/

export const sourceOf = (path: string, text: string): Source => {
  const { program, errors } = parseSync(path, text)
  const imports: Array<string> = []
  const calls: Array<Source["calls"][number]> = []
  const texts: Array<string> = []
  const functions: Array<Source["functions"][number]> = []
  const lineStarts = [0, ...[...text.matchAll(/\n/g)].map((match) => match.index + 1)]
  const lineAt = (offset: number): number => lineStarts.findLastIndex((start) => start <= offset) + 1
  const written = (node: Node): string => text.slice(node.start, node.end)

  const visit = (node: Node, parent: Node | undefined): void => {
    const from = node["source"]
    if (isNode(from) && typeof from["value"] === "string") imports.push(from["value"])
    if (node.type === "CallExpression" || node.type === "NewExpression") {
      const name = written(node["callee"] as Node)
      const args = (node["arguments"] as ReadonlyArray<unknown>).length
      calls.push({ name: node.type === "NewExpression" ? `new ${name}/${args}` : name, line: lineAt(node.start) })
    }
    if (node.type === "Literal" && typeof node["value"] === "string") texts.push(node["value"])
    if (node.type === "TemplateElement") texts.push(written(node))
    // A suite of tests is a list of functions, not one.
    const isSuite = parent?.type === "CallExpression" && SUITES.test(written(parent["callee"] as Node))
    if (FUNCTIONS.has(node.type) && !isSuite) {
      const line = lineAt(node.start)
      functions.push({ name: nameOf(node, parent), line, lines: lineAt(node.end) - line + 1 })
    }
    for (const child of childrenOf(node)) visit(child, node)
  }
  visit(program as unknown as Node, undefined)
  const lines = lineStarts.length - (text.endsWith("\n") ? 1 : 0)
  return { path, lines, errors: errors.map(({ message }) => message), imports, calls, texts, functions }
}

const nameOf = (node: Node, parent: Node | undefined): string => {
  const named = node["id"] ?? parent?.["id"] ?? parent?.["key"]
  return isNode(named) && typeof named["name"] === "string" ? named["name"] : "a function without a name"
}
