/**
 * The house's rules about source files, each a function from files to what is wrong with them.
 *
 * Only what a linter does not know is here: who may import whom, how long things may be, what must not be called where,
 * and files that nobody uses.
 */
import { posix } from "node:path"
import { isPure } from "./pure.ts"
import { FOLDERS, type Source } from "./source.ts"

export type Rule = (files: ReadonlyArray<Source>) => ReadonlyArray<string>

const FILE_LINES_MAX = 400
const FUNCTION_LINES_MAX = 70

const folderOf = (path: string): string => path.slice(0, path.indexOf("/"))

/** The file that a specifier means, from the root; `undefined` for a package. Launchers name what was compiled. */
const targetOf = (from: string, specifier: string): string | undefined =>
  specifier.startsWith(".") ? compiledFrom(posix.join(posix.dirname(from), specifier)) : undefined

const compiledFrom = (path: string): string =>
  path.startsWith("dist/") ? path.slice("dist/".length).replace(/\.js$/, ".ts") : path

/** Which folders each may import from. */
const direction: Readonly<Record<string, ReadonlyArray<string>>> = {
  actors: ["actors"],
  config: ["config"],
  streams: ["actors", "config", "streams"],
  src: ["actors", "config", "streams", "src"],
  scripts: ["actors", "config", "streams", "src", "scripts"],
  test: FOLDERS
}

/** Names of streams and subjects are built in one place, and `config/jetstream.ts` lists the streams by them. */
const NAMES = "streams/subjects.ts"

/** The only packages that deciders may use: data and nothing that acts. */
const DATA_MODULES = new Set([
  "effect/Schema",
  "effect/Result",
  "effect/Option",
  // The world's numbering plans: tables, and functions over them.
  "libphonenumber-js/max"
])

export const parses: Rule = (files) => files.flatMap(({ path, errors }) => errors.map((error) => `${path}: ${error}`))

export const importDirection: Rule = (files) =>
  files.flatMap(({ path, imports }) => {
    const folder = folderOf(path)
    return imports.flatMap((specifier) => {
      const target = targetOf(path, specifier)
      if (target === undefined) {
        return folder !== "actors" || DATA_MODULES.has(specifier) ? [] : [`${path} imports the package ${specifier}`]
      }
      // A file at the root (package.json) is nobody's.
      const allowed =
        !target.includes("/") ||
        direction[folder]?.includes(folderOf(target)) === true ||
        (folder === "config" && target === NAMES)
      return allowed ? [] : [`${path} imports ${target}`]
    })
  })

export const fileLength: Rule = (files) =>
  files
    .filter(({ lines }) => lines > FILE_LINES_MAX)
    .map(({ path, lines }) => `${path} has ${lines} lines; ${FILE_LINES_MAX} is the most`)

export const functionLength: Rule = (files) =>
  files.flatMap(({ path, functions }) =>
    functions
      .filter(({ lines }) => lines > FUNCTION_LINES_MAX)
      .map(({ name, line, lines }) => `${path}:${line} ${name} has ${lines} lines; ${FUNCTION_LINES_MAX} is the most`)
  )

/** Deciders and streams take the time, chance and waiting from outside, and have a bound to everything. */
const FORBIDDEN = /^(Queue\.unbounded|Date\.now|Math\.random|new Date\/0|console\.\w+|(globalThis\.)?setTimeout)$/

export const forbiddenCalls: Rule = (files) =>
  files
    .filter(({ path }) => path.startsWith("actors/") || path.startsWith("streams/"))
    .flatMap(({ path, calls }) =>
      calls.filter(({ name }) => FORBIDDEN.test(name)).map(({ name, line }) => `${path}:${line} calls ${name}`)
    )

export const oneSocketLibrary: Rule = (files) => {
  const users = files.filter(({ imports }) => imports.includes("uWebSockets.js")).map(({ path }) => path)
  return users.length > 1 ? [`uWebSockets.js is imported by ${users.join(" and ")}; one file may`] : []
}

export const noTestLeftOut: Rule = (files) =>
  files.flatMap(({ path, calls }) =>
    calls
      .filter(({ name }) => /^(it|test|describe|suite)(\.\w+)*\.(only|skip|todo)(\.each)?$/.test(name))
      .map(({ name, line }) => `${path}:${line} says ${name}`)
  )

/** What starts programs, or changes the process for all that comes after. */
const STARTS =
  /^(node:child_process|playwright-core|.*\/servers\/\w+\.ts|.*\/support\/(hub|database|own-nats|\w+-hub)\.ts)$/
const CHANGES = /^(process\.(chdir|on)|vi\.\w+)$/

export const pureTests: Rule = (files) =>
  files
    .filter(({ path }) => isPure(path))
    .flatMap(({ path, calls, imports }) => [
      ...imports.filter((specifier) => STARTS.test(specifier)).map((from) => `${path} is not pure: it imports ${from}`),
      ...calls.filter(({ name }) => CHANGES.test(name)).map(({ name }) => `${path} is not pure: it calls ${name}`)
    ])

/** Where programs begin: nobody imports these. */
const isEntry = (path: string): boolean =>
  path === "src/main.ts" ||
  path.endsWith(".test.ts") ||
  path.endsWith(".test.tsx") ||
  /^src\/web\/(vite\.config\.ts|main\.tsx)$/.test(path)

/** `named`: texts outside of the sources that may name a file, as `package.json` does. */
export const noUnusedFile =
  (named: ReadonlyArray<string>): Rule =>
  (files) => {
    const used = new Set<string>()
    for (const { path, imports, texts } of files) {
      for (const specifier of [...imports, ...texts]) {
        if (specifier.length > 200 || !/\.[cm]?[jt]sx?$/.test(specifier)) continue
        // Some are named from the root (`scripts/cli.ts` as a process), some by what they compile to.
        const targets = [targetOf(path, specifier), posix.join(posix.dirname(path), specifier), specifier]
        for (const target of targets) {
          if (target === undefined || target === path) continue
          used.add(target)
          used.add(target.replace(/^dist\//, "").replace(/\.js$/, ".ts"))
        }
      }
    }
    return files
      .filter(({ path }) => !isEntry(path) && !used.has(path) && !named.some((text) => text.includes(path)))
      .map(({ path }) => `${path} is used by nobody`)
  }
