/**
 * Fetches Debian packages with what they depend on, and unpacks them into a folder: no root, no change to the system.
 *
 * apt gets lists and a cache of its own and a sources file derived from the machine's: the same mirrors and keys, where
 * wanted with another suite.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { run } from "./run.mjs"
import { SetupFailed } from "./say.mjs"

export const isDebian = () => existsSync("/usr/bin/apt-get") && existsSync("/usr/bin/dpkg")

/** Other makers' sources have no such suite, and security and updates suites have no counterpart in another release. */
const isOfSystem = (suites, components, codename) =>
  suites.split(/\s+/).some((suite) => suite === codename || suite === "stable") && /\bmain\b/.test(components)

const field = (stanza, name) => new RegExp(`^${name}:[ \\t]*(.*)$`, "mi").exec(stanza)?.[1]?.trim() ?? ""

/** The system's own sources among the machine's, with the suite exchanged. */
export const deriveSources = (text, suite, codename) =>
  text
    .split("\n")
    .filter((line) => !line.startsWith("#"))
    .join("\n")
    .split(/\n\s*\n/)
    .map((stanza) => stanza.trim())
    .filter((stanza) => isOfSystem(field(stanza, "Suites"), field(stanza, "Components"), codename))
    .filter((stanza) => /\bdeb\b/.test(field(stanza, "Types")) && field(stanza, "Enabled") !== "no")
    .map((stanza) =>
      stanza
        .replace(/^Suites:.*$/im, `Suites: ${suite}`)
        .replace(/^Types:.*$/im, "Types: deb")
        .replace(/^Components:.*$/im, "Components: main")
    )
    .join("\n\n")

/** The same for the older one-line format. */
export const deriveOneLineSources = (text, suite, codename) =>
  text
    .split("\n")
    .flatMap((line) => {
      const found = /^deb\s+((?:\[[^\]]*\]\s+)?\S+)\s+(\S+)\s+(.*)$/.exec(line.trim())
      if (found === null) return []
      const [, origin, suites, components] = found
      return isOfSystem(suites, components, codename) ? [`deb ${origin} ${suite} main`] : []
    })
    .join("\n")

const SOURCES = "/etc/apt/sources.list.d"

const machineSources = () => {
  const stanzas = []
  const lines = []
  const read = (path) => (path.endsWith(".sources") ? stanzas : lines).push(readFileSync(path, "utf8"))
  if (existsSync("/etc/apt/sources.list")) read("/etc/apt/sources.list")
  for (const name of existsSync(SOURCES) ? readdirSync(SOURCES) : []) {
    if (/\.(sources|list)$/.test(name)) read(join(SOURCES, name))
  }
  return { stanzas: stanzas.join("\n\n"), lines: lines.join("\n") }
}

/** `bookworm` of `VERSION_CODENAME=bookworm`. */
export const codenameOf = (osRelease) => /^VERSION_CODENAME="?([\w-]+)"?$/m.exec(osRelease)?.[1]

/** Only Debian itself has the suites that are named here: its relatives are asked for what they have. */
const suiteHere = (suite, osRelease) => (/^ID="?debian"?$/m.test(osRelease) ? suite : undefined)

const writeSources = (directory, suite, codename) => {
  const { stanzas, lines } = machineSources()
  const parts = join(directory, "sources")
  mkdirSync(parts, { recursive: true })
  const own = suite === undefined
  writeFileSync(join(parts, "own.sources"), `${own ? stanzas : deriveSources(stanzas, suite, codename)}\n`)
  writeFileSync(join(parts, "own.list"), `${own ? lines : deriveOneLineSources(lines, suite, codename)}\n`)
  return parts
}

/** Packages that would be installed, read from apt's own simulation. */
export const packagesToInstall = (simulation) =>
  simulation.split("\n").flatMap((line) => {
    const name = /^Inst (\S+)/.exec(line)?.[1]
    return name === undefined ? [] : [name]
  })

/** Debian's set-up scripts are not run, so what they are written in is not needed; nor is a compiler for jit = off. */
const LEFT_OUT = /^(perl|libperl|libllvm|libz3|debconf|dpkg|adduser)|-perl$/

const installed = async () => {
  const listed = await run("dpkg-query", ["-W", "-f", "${Package} ${db:Status-Status}\\n"])
  return new Set(listed.split("\n").flatMap((line) => (line.endsWith(" installed") ? [line.split(" ")[0]] : [])))
}

/** All that the packages need, less what the system has; `carriers` even if it says that it has them. */
const closureOf = async (options, { packages, carriers }) => {
  const fresh = [...options, "-o", "Dir::State::status=/dev/null"]
  const simulation = await run("apt-get", [...fresh, "-s", "install", "--no-install-recommends", ...packages])
  const has = await installed()
  return packagesToInstall(simulation).filter((name) => carriers.test(name) || (!has.has(name) && !LEFT_OUT.test(name)))
}

/** `wanted` names the packages, which of them carry the program, and the suite to take them from if not the system's. */
export const fetchPackages = async (wanted, folder) => {
  const osRelease = readFileSync("/etc/os-release", "utf8")
  const suite = wanted.suite === undefined ? undefined : suiteHere(wanted.suite, osRelease)
  const apt = join(folder, "apt")
  rmSync(apt, { recursive: true, force: true })
  for (const part of ["lists/partial", "cache/archives/partial", "download"]) {
    mkdirSync(join(apt, part), { recursive: true })
  }
  const options = [
    ["Dir::State::Lists", join(apt, "lists")],
    ["Dir::Etc::SourceList", "/dev/null"],
    ["Dir::Etc::SourceParts", writeSources(apt, suite, codenameOf(osRelease))],
    ["Dir::Cache", join(apt, "cache")],
    ["Acquire::Languages", "none"],
    // Otherwise apt takes a machine without network for one with nothing new.
    ["APT::Update::Error-Mode", "any"],
    ["APT::Sandbox::User", ""],
    ["Debug::NoLocking", "1"]
  ].flatMap(([key, value]) => ["-o", `${key}=${value}`])
  try {
    // One of the machine's many sources may be out of order: whether the packages can be had is seen below.
    const complaint = await run("apt-get", [...options, "update"]).then(
      () => "",
      (error) => error.message
    )
    try {
      // From another release only the package itself is taken: its dependencies would replace this system's own.
      const names = suite === undefined ? await closureOf(options, wanted) : wanted.packages
      await run("apt-get", [...options, "download", ...names], { cwd: join(apt, "download") })
    } catch (error) {
      throw complaint === "" ? error : new SetupFailed(complaint)
    }
    for (const file of readdirSync(join(apt, "download"))) {
      if (file.endsWith(".deb")) await run("dpkg", ["-x", join(apt, "download", file), folder])
    }
  } finally {
    rmSync(apt, { recursive: true, force: true })
  }
}
