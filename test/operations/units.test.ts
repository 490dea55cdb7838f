/**
 * Goal: the units and the log rotation are read by the programs they are for, and start what there is.
 * Method: systemd-analyze and logrotate look at them where they are installed; what they cannot know is looked at here.
 */
import assert from "node:assert/strict"
import { execFileSync, spawnSync } from "node:child_process"
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
import { join } from "node:path"
import { describe, it } from "vitest"
import { settingGroups } from "../../config/settings.ts"
import { projectRoot } from "../../src/servers/servers.ts"

const folder = join(projectRoot(), "config", "systemd")
const units = readdirSync(folder).filter((name) => name.endsWith(".service"))
const textOf = (name: string): string => readFileSync(join(folder, name), "utf8")
const isThere = (program: string): boolean => spawnSync("sh", ["-c", `command -v ${program}`]).status === 0

const inFolder = (use: (path: string) => void): void => {
  const path = mkdtempSync(join(tmpdir(), "holdfast-units-"))
  try {
    use(path)
  } finally {
    rmSync(path, { recursive: true, force: true })
  }
}

describe("the units", () => {
  it("start the hub with the heap that all other ways to start it have", () => {
    const wanted = ["--max-semi-space-size", "--initial-heap-size", "--heap-growing-percent"]
    const heapIn = (path: string): ReadonlyArray<ReadonlyArray<string>> => {
      const text = readFileSync(join(projectRoot(), path), "utf8")
      return wanted.map((option) => [...new Set(text.match(new RegExp(`${option}=\\d+`, "g")))])
    }
    const [semi = [], initial = [], growing = []] = heapIn("config/systemd/holdfast.service")
    assert.deepEqual([semi.length, initial.length, growing.length], [1, 1, 1])
    for (const path of ["package.json", "scripts/holdfast.mjs", "scripts/bench/servers.ts"]) {
      assert.deepEqual(heapIn(path), [semi, initial, growing], path)
    }
  })

  it("are sections of settings, understood by systemd word for word where it is installed", () => {
    for (const name of units) {
      for (const line of textOf(name).split("\n"))
        assert.match(line, /^(#.*|\[(Unit|Service|Install)\]|[A-Z]\w+=.*|)$/, name)
    }
    if (!isThere("systemd-analyze")) return
    inFolder((path) => {
      // What it starts need not be installed where this is tested.
      for (const name of units) {
        writeFileSync(join(path, name), textOf(name).replaceAll(/^(Exec\w+)=\/usr\/bin\/\S+/gm, "$1=/bin/true"))
      }
      const { stdout, stderr } = spawnSync(
        "systemd-analyze",
        ["verify", "--man=no", ...units.map((name) => join(path, name))],
        {
          encoding: "utf8"
        }
      )
      const said = `${stdout}${stderr}`.split("\n").filter((line) => line.includes("holdfast"))
      assert.deepEqual(said, [])
      writeFileSync(
        join(path, "holdfast-nats.service"),
        `${textOf("holdfast-nats.service")}\n[Service]\nNoSuchWord=1\n`
      )
      const wrong = spawnSync("systemd-analyze", ["verify", "--man=no", join(path, "holdfast-nats.service")], {
        encoding: "utf8"
      })
      assert.match(wrong.stderr, /NoSuchWord/, "a word that is none is found")
    })
  })

  it("give up rights, raise the limit of files and start again what has died", () => {
    for (const name of units) {
      for (const line of [
        "NoNewPrivileges=true",
        "ProtectSystem=strict",
        "CapabilityBoundingSet=",
        "LimitNOFILE=65536",
        "Restart=always",
        "UMask=0077"
      ]) {
        assert.ok(textOf(name).split("\n").includes(line), `${name}: ${line}`)
      }
    }
  })

  it("start what is in the project, and a hub after its servers", () => {
    const hub = textOf("holdfast.service")
    assert.match(hub, /^ExecStart=.* dist\/src\/main\.js$/m)
    assert.ok(existsSync(join(projectRoot(), "src", "main.ts")))
    assert.match(textOf("holdfast-nats.service"), /-c \/opt\/holdfast\/nats-server\.conf/)
    const [, after = ""] = /^After=(.*)$/m.exec(hub) ?? []
    for (const name of units) if (name !== "holdfast.service") assert.ok(after.split(" ").includes(name), name)
  })

  it("take settings that there are", () => {
    const known = new Set(settingGroups.flatMap(({ settings }) => settings.map(({ name }) => name)))
    const given = [...textOf("holdfast.env").matchAll(/^([A-Z_]+)=/gm)].map(([, name = ""]) => name)
    assert.ok(given.length > 4)
    for (const name of given) assert.ok(known.has(name), name)
  })
})

/** Of logrotate(8), those that are used. */
const WORDS =
  /^(weekly|compress|delaycompress|missingok|notifempty|copytruncate|rotate \d+|maxsize \d+M|su holdfast holdfast)$/

describe("the rotation of logs", () => {
  it("is one block of words that logrotate knows, understood by it where it is installed", () => {
    const lines = textOf("holdfast.logrotate")
      .split("\n")
      .map((line) => line.trim())
    const [opening, ...others] = lines.filter((line) => line !== "" && !line.startsWith("#"))
    assert.equal(opening, "/var/lib/holdfast/*.log {")
    assert.equal(others.pop(), "}")
    for (const line of others) assert.match(line, WORDS)
    if (!isThere("logrotate")) return
    inFolder((path) => {
      const logs = join(path, "logs")
      mkdirSync(logs, { mode: 0o755 })
      writeFileSync(join(logs, "nats.log"), "a line\n")
      const config = join(path, "holdfast")
      const own = textOf("holdfast.logrotate")
        .replace("/var/lib/holdfast/", `${logs}/`)
        .replace(/^ *su .*$/m, "")
      writeFileSync(config, own)
      chmodSync(config, 0o644)
      const said = execFileSync("logrotate", ["-d", config], { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] })
      assert.doesNotMatch(said, /error/i)
    })
  })
})
