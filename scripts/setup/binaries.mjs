/**
 * The three servers' programs: found on this machine if new enough, else fetched from the system's package manager and
 * unpacked under the hub's home. The system itself is not changed and nothing needs root.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { delimiter, join } from "node:path"
import { execFileSync } from "node:child_process"
import { toolsDirectory } from "./home.mjs"
import { fetchPackages } from "./packages.mjs"
import { SetupFailed, step } from "./say.mjs"

/** Oldest release that will do, as [major, minor]. */
const programs = [
  { key: "nats", names: ["nats-server"], min: [2, 12], debian: ["nats-server"], suite: "forky" },
  { key: "redis", names: ["redis-server", "valkey-server"], min: [7, 0], debian: ["redis-server"] },
  { key: "postgres", names: ["postgres"], min: [14, 0], debian: ["postgresql"] }
]

/** `2.15.1` of any text that holds a version; `undefined` when there is none. */
export const versionOf = (text) => {
  const found = /(\d+)\.(\d+)/.exec(text)
  return found === null ? undefined : [Number(found[1]), Number(found[2])]
}

export const isAtLeast = (version, min) =>
  version !== undefined && (version[0] > min[0] || (version[0] === min[0] && version[1] >= min[1]))

const libraryPath = (tools) => {
  const found = []
  for (const base of [join(tools, "usr", "lib"), join(tools, "lib")]) {
    if (!existsSync(base)) continue
    for (const entry of readdirSync(base)) if (entry.endsWith("-linux-gnu")) found.push(join(base, entry))
  }
  return found
}

/** Programs that were fetched find their fetched libraries; those of the system need none. */
export const environmentFor = (tools, program) =>
  program.startsWith(tools) ? { LD_LIBRARY_PATH: libraryPath(tools).join(delimiter) } : {}

const probe = (program, tools) => {
  try {
    const env = { ...process.env, ...environmentFor(tools, program) }
    return versionOf(
      execFileSync(program, ["--version"], { env, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] })
    )
  } catch {
    return undefined
  }
}

const versioned = (base) =>
  existsSync(base)
    ? readdirSync(base)
        .toSorted((a, b) => Number(b) - Number(a))
        .map((version) => join(base, version, "bin"))
    : []

const searchPath = (tools) => [
  ...(process.env["PATH"] ?? "").split(delimiter).filter((directory) => directory !== ""),
  "/usr/sbin",
  "/usr/local/sbin",
  ...versioned("/usr/lib/postgresql"),
  ...["usr/bin", "usr/sbin"].map((directory) => join(tools, directory)),
  ...versioned(join(tools, "usr", "lib", "postgresql"))
]

const find = (wanted, tools) => {
  for (const directory of searchPath(tools)) {
    for (const name of wanted.names) {
      const program = join(directory, name)
      if (existsSync(program) && isAtLeast(probe(program, tools), wanted.min)) return program
    }
  }
  return undefined
}

/** `postgres` must lie beside its own `initdb`; a link in some bin directory may not. */
const besideInitdb = (program, tools) => {
  for (const directory of searchPath(tools)) {
    if (!existsSync(join(directory, "initdb")) || !existsSync(join(directory, "postgres"))) continue
    if (directory.includes("postgresql") || program.startsWith(directory)) return directory
  }
  return undefined
}

/** Paths of the three programs, and where fetched ones lie. Throws `SetupFailed` with what to install. */
export const ensureBinaries = async (home) => {
  const tools = toolsDirectory(home)
  const noted = join(tools, "found.json")
  if (existsSync(noted)) {
    const known = JSON.parse(readFileSync(noted, "utf8"))
    if ([known.nats, known.redis, join(known.postgresBin, "initdb")].every((path) => existsSync(path))) return known
  }
  const found = { tools }
  for (const wanted of programs) {
    found[wanted.key] = find(wanted, tools) ?? (await fetch(wanted, tools))
  }
  const postgresBin = besideInitdb(found.postgres, tools)
  if (postgresBin === undefined) throw new SetupFailed(`${found.postgres} has no initdb beside it; install postgresql.`)
  const binaries = { tools, nats: found.nats, redis: found.redis, postgresBin }
  mkdirSync(tools, { recursive: true })
  writeFileSync(noted, JSON.stringify(binaries))
  return binaries
}

const fetch = async (wanted, tools) => {
  const name = `${wanted.names[0]} ${wanted.min.join(".")} or newer`
  await step(`fetching ${name}`, () => fetchPackages(wanted.debian, { tools, suite: wanted.suite, name }))
  const program = find(wanted, tools)
  if (program === undefined) throw new SetupFailed(`${name} was fetched but does not run here; install it by hand.`)
  return program
}
