/**
 * The three servers' programs: found on this machine if new enough, else fetched from the system's package manager and
 * unpacked under the hub's home. The system itself is not changed and nothing needs root.
 */
import { execFileSync } from "node:child_process"
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { delimiter, join } from "node:path"
import { toolsDirectory } from "./home.mjs"
import { fetchPackages, isDebian } from "./packages.mjs"
import { SetupFailed, step } from "./say.mjs"

/**
 * `min` is the oldest release that will do. `packages` are Debian's; `carriers` among them hold the program and are
 * fetched even where dpkg believes them installed. Debian's own nats-server is too old up to release 13; `forky`'s is a
 * static program that runs on all of them.
 */
export const programs = [
  {
    key: "nats",
    url: "NATS_URL",
    names: ["nats-server"],
    min: [2, 12],
    packages: ["nats-server"],
    carriers: /^nats-server$/,
    suite: "forky"
  },
  {
    key: "redis",
    url: "REDIS_URL",
    names: ["redis-server", "valkey-server"],
    min: [7, 0],
    packages: ["redis-server"],
    carriers: /^redis-(server|tools)$/
  },
  {
    key: "postgres",
    url: "DATABASE_URL",
    names: ["postgres"],
    min: [14, 0],
    packages: ["postgresql"],
    carriers: /^postgresql-(client-)?\d+$/
  }
]

/** The first version in a program's answer to `--version`, as [major, minor]; `undefined` when there is none. */
export const versionOf = (text) => {
  const found = /(\d+)(?:\.(\d+))?/.exec(text)
  return found === null ? undefined : [Number(found[1]), Number(found[2] ?? 0)]
}

export const isAtLeast = (version, min) =>
  version !== undefined && (version[0] > min[0] || (version[0] === min[0] && version[1] >= min[1]))

/** Programs that were fetched find their fetched libraries; those of the system need none. */
export const librariesIn = (tools) =>
  ["usr/lib", "lib"]
    .map((base) => join(tools, base))
    .filter((base) => existsSync(base))
    .flatMap((base) => readdirSync(base).map((entry) => join(base, entry)))
    .filter((path) => path.includes("-linux-gnu"))

const probe = (program, tools) => {
  const own = program.startsWith(tools) ? { LD_LIBRARY_PATH: librariesIn(tools).join(delimiter) } : {}
  const env = { ...process.env, ...own }
  try {
    return versionOf(
      execFileSync(program, ["--version"], { env, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] })
    )
  } catch {
    return undefined
  }
}

/** `<base>/<major>/bin` (Debian) or `<base>/postgresql@<major>/bin` (Homebrew), the newest first. */
const versioned = (base, pattern) => {
  if (!existsSync(base)) return []
  const majors = readdirSync(base).flatMap((entry) => {
    const major = pattern.exec(entry)?.[1]
    return major === undefined ? [] : [{ major: Number(major), directory: join(base, entry, "bin") }]
  })
  return majors.toSorted((a, b) => b.major - a.major).map(({ directory }) => directory)
}

const searchPath = (tools) => [
  ...(process.env["PATH"] ?? "").split(delimiter).filter((directory) => directory !== ""),
  "/usr/local/bin",
  "/usr/local/sbin",
  "/usr/bin",
  "/usr/sbin",
  "/opt/homebrew/bin",
  ...versioned("/usr/lib/postgresql", /^(\d+)$/),
  ...versioned("/usr", /^pgsql-(\d+)$/),
  ...versioned("/opt/homebrew/opt", /^postgresql@(\d+)$/),
  ...["usr/bin", "usr/sbin"].map((directory) => join(tools, directory)),
  ...versioned(join(tools, "usr", "lib", "postgresql"), /^(\d+)$/)
]

/** `postgres` is of use only with its own `initdb` beside it. */
const isComplete = (wanted, directory) => wanted.key !== "postgres" || existsSync(join(directory, "initdb"))

const find = (wanted, tools) => {
  for (const directory of searchPath(tools)) {
    for (const name of wanted.names) {
      const program = join(directory, name)
      if (!existsSync(program) || !isComplete(wanted, directory)) continue
      if (isAtLeast(probe(program, tools), wanted.min)) return wanted.key === "postgres" ? directory : program
    }
  }
  return undefined
}

const nameOf = (wanted) => `${wanted.names.join(" or ")} ${wanted.min.join(".")} or newer`

const fetchProgram = async (wanted, tools) => {
  const name = nameOf(wanted)
  const advice = `install it and start again, or name a running one in ${wanted.url}.`
  if (!isDebian()) throw new SetupFailed(`${name} is not on this machine (macOS: brew install); ${advice}`)
  try {
    await step(`fetching ${name} (the system stays as it is)`, () => fetchPackages(wanted, tools))
  } catch (error) {
    throw new SetupFailed(`${name} is not on this machine and cannot be fetched; ${advice} (${error.message})`)
  }
  const program = find(wanted, tools)
  if (program === undefined) throw new SetupFailed(`This system's packages have no ${name}; ${advice}`)
  return program
}

const readNoted = (path) => {
  try {
    return JSON.parse(readFileSync(path, "utf8"))
  } catch {
    return {}
  }
}

/** What an earlier set-up in this environment found: a hub that a test starts need not look for itself. */
const handedOver = () => {
  const { HOLDFAST_BINARIES: given } = process.env
  if (given === undefined) return {}
  const { tools, nats, redis, postgresBin } = JSON.parse(given)
  return { tools, nats, redis, postgres: postgresBin }
}

/**
 * Where the programs are: `nats` and `redis` as files, `postgresBin` as the folder of `postgres` and `initdb`, an empty
 * text for one that is not `needed`; `tools` is where fetched ones lie. What was found is noted, so that the next start
 * does not look again. Throws `SetupFailed` with what to install.
 */
export const ensureBinaries = async (home, needed = programs.map(({ key }) => key)) => {
  const { tools = toolsDirectory(home), ...given } = handedOver()
  const noted = join(tools, "found.json")
  const known = { ...readNoted(noted), ...given }
  const found = {}
  for (const wanted of programs) {
    if (!needed.includes(wanted.key)) continue
    const path = known[wanted.key] ?? ""
    found[wanted.key] = existsSync(path) ? path : (find(wanted, tools) ?? (await fetchProgram(wanted, tools)))
  }
  mkdirSync(tools, { recursive: true })
  writeFileSync(noted, JSON.stringify({ ...known, ...found }))
  return { tools, nats: found.nats ?? "", redis: found.redis ?? "", postgresBin: found.postgres ?? "" }
}
