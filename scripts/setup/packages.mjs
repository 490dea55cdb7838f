/**
 * Fetches Debian packages with what they depend on, and unpacks them into a folder: no root, no change to the system.
 *
 * apt gets lists and a cache of its own and a sources file derived from the machine's: the same mirrors and keys, where
 * wanted with another suite (Debian 12's nats-server is too old; the next release's runs there unchanged).
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { run } from "./run.mjs"
import { SetupFailed } from "./say.mjs"

/** The machine's own sources with the suite exchanged; security and updates suites have no counterpart and are left out. */
export const deriveSources = (text, suite) => {
  const stanzas = text
    .split(/\n\s*\n/)
    .map((stanza) =>
      stanza
        .split("\n")
        .filter((line) => !line.startsWith("#"))
        .join("\n")
        .trim()
    )
    .filter((stanza) => /^URIs:/m.test(stanza) && !/security/i.test(stanza))
  return stanzas.map((stanza) => stanza.replace(/^Suites:.*$/m, `Suites: ${suite}`)).join("\n\n")
}

/** The same for the older one-line format. */
export const deriveOneLineSources = (text, suite) =>
  text
    .split("\n")
    .filter((line) => /^deb\s/.test(line) && !/security|-updates|-backports/.test(line))
    .map((line) => line.replace(/^(deb\s+(?:\[[^\]]*\]\s+)?\S+\s+)\S+/, `$1${suite}`))
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

const writeSources = (directory, suite) => {
  const { stanzas, lines } = machineSources()
  const parts = join(directory, "sources")
  mkdirSync(parts, { recursive: true })
  writeFileSync(join(parts, "own.sources"), `${suite === undefined ? stanzas : deriveSources(stanzas, suite)}\n`)
  writeFileSync(join(parts, "own.list"), `${suite === undefined ? lines : deriveOneLineSources(lines, suite)}\n`)
  return parts
}

/** Packages that would be installed, read from apt's own simulation. */
export const packagesToInstall = (simulation) =>
  simulation
    .split("\n")
    .map((line) => /^Inst (\S+)/.exec(line)?.[1])
    .filter((name) => name !== undefined)

export const fetchPackages = async (packages, { tools, suite, name }) => {
  if (!existsSync("/usr/bin/apt-get") || !existsSync("/usr/bin/dpkg")) {
    throw new SetupFailed(`${name} is missing; install it with your package manager (macOS: brew) and start again.`)
  }
  const apt = join(tools, "apt", suite ?? "own")
  for (const folder of ["lists/partial", "cache/archives/partial", "download"]) {
    mkdirSync(join(apt, folder), { recursive: true })
  }
  const options = [
    ["Dir::State::Lists", join(apt, "lists")],
    ["Dir::Etc::SourceList", "/dev/null"],
    ["Dir::Etc::SourceParts", writeSources(apt, suite)],
    ["Dir::Cache", join(apt, "cache")],
    ["APT::Sandbox::User", ""],
    ["Debug::NoLocking", "1"]
  ].flatMap(([key, value]) => ["-o", `${key}=${value}`])
  await run("apt-get", [...options, "update"])
  // From another release only the package itself is taken: its dependencies would replace this system's own.
  const wanted =
    suite === undefined
      ? packagesToInstall(await run("apt-get", [...options, "-s", "install", "--no-install-recommends", ...packages]))
      : packages
  const download = join(apt, "download")
  await run("apt-get", [...options, "download", ...(wanted.length > 0 ? wanted : packages)], { cwd: download })
  for (const file of readdirSync(download)) {
    if (file.endsWith(".deb")) await run("dpkg", ["-x", join(download, file), tools])
  }
  rmSync(apt, { recursive: true, force: true })
}
