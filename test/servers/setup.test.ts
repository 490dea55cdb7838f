/**
 * Goal: the set-up takes what is there if it is new enough, asks the package manager for the right thing otherwise, and
 * what a test run leaves behind is ended.
 * Method: its functions with texts as programs and Debian really print them; small programs in a folder of their own on
 * PATH; processes that really run.
 */
import assert from "node:assert/strict"
import { spawn } from "node:child_process"
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync
} from "node:fs"
import { tmpdir } from "node:os"
import { delimiter, join } from "node:path"
import { afterEach, beforeEach, describe, it } from "vitest"

type Version = readonly [number, number]

interface BinariesModule {
  readonly versionOf: (text: string) => Version | undefined
  readonly isAtLeast: (version: Version | undefined, min: Version) => boolean
  readonly ensureBinaries: (home: string, needed: ReadonlyArray<string>) => Promise<{ readonly nats: string }>
}
interface PackagesModule {
  readonly deriveSources: (text: string, suite: string, codename: string) => string
  readonly deriveOneLineSources: (text: string, suite: string, codename: string) => string
  readonly packagesToInstall: (simulation: string) => ReadonlyArray<string>
  readonly codenameOf: (osRelease: string) => string | undefined
}
interface RunFolderModule {
  readonly makeRunFolder: () => string
  readonly clearRunFolder: (folder: string) => void
}

/** Plain JavaScript without types: it runs before TypeScript is installed. */
const load = async <A>(name: string): Promise<A> => (await import(`../../scripts/setup/${name}.mjs`)) as A
const { versionOf, isAtLeast, ensureBinaries } = await load<BinariesModule>("binaries")
const { deriveSources, deriveOneLineSources, packagesToInstall, codenameOf } = await load<PackagesModule>("packages")
const { makeRunFolder, clearRunFolder } = await load<RunFolderModule>("run-folder")

const folders: Array<string> = []
const { PATH: path = "", HOLDFAST_BINARIES: handedOver } = process.env

const newFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-setup-"))
  // As root, the programs of a home that others cannot reach would go elsewhere.
  chmodSync(folder, 0o755)
  folders.push(folder)
  return folder
}

beforeEach(() => {
  delete process.env["HOLDFAST_BINARIES"]
})

afterEach(() => {
  process.env["PATH"] = path
  if (handedOver !== undefined) process.env["HOLDFAST_BINARIES"] = handedOver
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

describe("a program's version", () => {
  it("is the first number that it prints", () => {
    const printed = [
      ["nats-server: v2.15.1", [2, 15]],
      ["nats-server: v2.12.0-RC.1", [2, 12]],
      ["Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.2.1 bits=64", [7, 0]],
      ["Valkey server v=8.1.1 sha=00000000:0", [8, 1]],
      ["postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)", [15, 18]],
      ["postgres (PostgreSQL) 19beta1", [19, 0]]
    ] as const
    for (const [text, version] of printed) assert.deepEqual(versionOf(text), version, text)
    assert.equal(versionOf("command not found"), undefined)
  })

  it("is new enough from the release that is asked for", () => {
    assert.ok(isAtLeast([2, 12], [2, 12]))
    assert.ok(isAtLeast([3, 0], [2, 12]))
    assert.ok(!isAtLeast([2, 9], [2, 12]))
    assert.ok(!isAtLeast([1, 99], [2, 12]))
    assert.ok(!isAtLeast(undefined, [2, 12]))
  })
})

describe("programs on PATH", () => {
  const program = (name: string, prints: string): string => {
    const folder = newFolder()
    writeFileSync(join(folder, name), `#!/bin/sh\necho "${prints}"\n`, { mode: 0o755 })
    process.env["PATH"] = `${folder}${delimiter}${process.env["PATH"]}`
    return join(folder, name)
  }

  it("that are too old are passed over for one further on", async () => {
    const good = program("nats-server", "nats-server: v2.14.0")
    program("nats-server", "nats-server: v2.9.10")
    assert.equal((await ensureBinaries(newFolder(), ["nats"])).nats, good)
  })

  it("are not looked for again", async () => {
    const home = newFolder()
    const first = program("nats-server", "nats-server: v2.14.0")
    await ensureBinaries(home, ["nats"])
    program("nats-server", "nats-server: v2.15.0")
    assert.equal((await ensureBinaries(home, ["nats"])).nats, first)
    rmSync(first)
    assert.notEqual((await ensureBinaries(home, ["nats"])).nats, first)
  })

  it("are taken from whoever has found them already", async () => {
    const given = program("nats-server", "nats-server: v2.14.0")
    program("nats-server", "nats-server: v2.15.0")
    const tools = newFolder()
    process.env["HOLDFAST_BINARIES"] = JSON.stringify({ tools, nats: given, redis: "", postgresBin: "" })
    assert.equal((await ensureBinaries(newFolder(), ["nats"])).nats, given)
  })

  it("that nothing will start are not looked for at all", async () => {
    process.env["PATH"] = ""
    assert.equal((await ensureBinaries(newFolder(), [])).nats, "")
  })
})

describe("sources for another suite", () => {
  it("are the system's own, without security, updates, other makers and what is switched off", () => {
    const stanzas = `# A comment
Types: deb deb-src
URIs: https://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main contrib
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: https://mirror.example/debian-security
Suites: bookworm-security
Components: main

Types: deb
URIs: https://other.example/node
Suites: nodistro
Components: main

Enabled: no
Types: deb
URIs: https://off.example/debian
Suites: bookworm
Components: main
`
    assert.equal(
      deriveSources(stanzas, "forky", "bookworm"),
      `Types: deb
URIs: https://mirror.example/debian
Suites: forky
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg`
    )
  })

  it("are derived from the older format too", () => {
    const lines = `# deb https://off.example/debian bookworm main
deb [signed-by=/usr/share/keyrings/a.gpg] https://mirror.example/debian bookworm main contrib
deb-src https://mirror.example/debian bookworm main
deb https://mirror.example/debian-security bookworm-security main
deb https://other.example/docker bookworm stable
`
    assert.equal(
      deriveOneLineSources(lines, "forky", "bookworm"),
      "deb [signed-by=/usr/share/keyrings/a.gpg] https://mirror.example/debian forky main"
    )
  })

  it("know the system's codename", () => {
    assert.equal(codenameOf('PRETTY_NAME="Debian"\nVERSION_CODENAME=bookworm\nID=debian\n'), "bookworm")
    assert.equal(codenameOf("ID=debian\n"), undefined)
  })

  it("read what would be installed from apt's simulation", () => {
    const simulation = `Reading package lists...
Inst libhiredis0.14 (0.14.1-3 Debian:12.11/oldstable [amd64])
Inst redis-tools (5:7.0.15-1 Debian:12.11/oldstable [amd64])
Conf redis-tools (5:7.0.15-1 Debian:12.11/oldstable [amd64])
`
    assert.deepEqual(packagesToInstall(simulation), ["libhiredis0.14", "redis-tools"])
  })
})

describe("a test run's folder", () => {
  const sleeper = (args: ReadonlyArray<string>, env: Record<string, string>) => {
    const child = spawn("sh", ["-c", "read forever", ...args], { env: { ...process.env, ...env }, stdio: "pipe" })
    return new Promise<NodeJS.Signals | null>((resolve) => child.once("exit", (_, signal) => resolve(signal)))
  }

  it("takes with it what names it in its command line or environment, and nothing else", async () => {
    const folder = makeRunFolder()
    folders.push(folder)
    mkdirSync(join(folder, "deep", "er"), { recursive: true })
    const byLine = sleeper([join(folder, "deep")], {})
    const byEnvironment = sleeper([], { SOME_HOME: folder })
    const other = spawn("sh", ["-c", "read forever"], { stdio: "pipe" })
    clearRunFolder(folder)
    assert.deepEqual(await Promise.all([byLine, byEnvironment]), ["SIGKILL", "SIGKILL"])
    assert.equal(existsSync(folder), false)
    assert.equal(other.signalCode, null)
    assert.ok(other.kill())
  })

  it("whose owner was killed goes with the next run", async () => {
    const abandoned = makeRunFolder()
    folders.push(abandoned)
    const dead = spawn("true")
    await new Promise((resolve) => dead.once("exit", resolve))
    writeFileSync(join(abandoned, "owner"), String(dead.pid))
    const next = makeRunFolder()
    folders.push(next)
    assert.equal(existsSync(abandoned), false)
    assert.equal(readFileSync(join(next, "owner"), "utf8"), String(process.pid))
  })
})

describe("the command line", () => {
  it("has the servers' programs found for every command that starts servers", () => {
    const root = join(import.meta.dirname, "..", "..")
    const starts = readFileSync(join(root, "scripts", "holdfast.mjs"), "utf8")
    const commands = readdirSync(join(root, "scripts"), { withFileTypes: true }).filter((entry) => entry.isDirectory())
    const starting = commands.flatMap(({ name }) => {
      const folder = join(root, "scripts", name)
      const files = existsSync(join(folder, "command.ts")) ? readdirSync(folder) : []
      const isStarting = files.some((file) => /bench\/servers|victims\.ts|"\.\/servers\.ts"/.test(textOf(folder, file)))
      return isStarting ? [name] : []
    })
    assert.ok(starting.includes("bench") && starting.includes("trade"), "they are found")
    for (const name of starting) assert.match(starts, new RegExp(`"?${name}"?: all`))
  })
})

const textOf = (folder: string, file: string): string =>
  file.endsWith(".ts") ? readFileSync(join(folder, file), "utf8") : ""
