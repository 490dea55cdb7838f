/**
 * Goal: what is wrong with the one server that must not lose anything is found, and nothing where nothing is.
 * Method: real servers that are set up wrongly; what a server cannot be brought to, in what is read of it.
 */
import assert from "node:assert/strict"
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { jetstreamManager, StorageType } from "@nats-io/jetstream"
import { connect } from "@nats-io/transport-node"
import { afterAll, beforeAll, describe, it } from "vitest"
import { ensureStreams, streamSpecs } from "../../config/jetstream.ts"
import { acknowledged, kept, nats, room, takenOver } from "../../scripts/doctor/nats.ts"
import { libraryEnvironment } from "../../src/servers/binaries.ts"
import { greeting } from "../../src/servers/ports.ts"
import { binaries, freePort, type RunningServer, startNats } from "../../src/servers/servers.ts"
import { JOURNAL } from "../../streams/subjects.ts"
import { bad, one } from "../support/findings.ts"
import { eventually } from "../support/hub.ts"

let folder: string
let natsServer: RunningServer
const children: Array<ChildProcess> = []

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-doctor-nats-"))
  natsServer = await startNats({ binaries: binaries(), directory: join(folder, "nats"), port: await freePort() })
})
afterAll(async () => {
  for (const child of children) {
    child.kill("SIGKILL")
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit")
  }
  await natsServer.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** A server that somebody has set up by himself. */
const ownNats = async (...args: ReadonlyArray<string>): Promise<string> => {
  const port = await freePort()
  const { nats: program, tools } = binaries()
  const child = spawn(program, ["-a", "127.0.0.1", "-p", String(port), "-sd", join(folder, `own-${port}`), ...args], {
    stdio: "ignore",
    env: { ...process.env, ...libraryEnvironment(tools, program) }
  })
  children.push(child)
  await eventually(
    () => greeting(port),
    (said) => said?.startsWith("INFO ") === true
  )
  return `nats://127.0.0.1:${port}`
}

const lookAt = (url: string, more: { readonly fsync?: () => number; readonly partitions?: number } = {}) =>
  nats({ url, replicas: 1, partitions: { JOURNAL: more.partitions ?? 1 }, fsync: more.fsync })

describe("the doctor on NATS", () => {
  it("finds nothing wrong with the project's own, and leaves nothing behind", async () => {
    assert.deepEqual(bad(await lookAt(natsServer.url, { fsync: () => 0 })), [])
    const connection = await connect({ servers: natsServer.url })
    const names: Array<string> = []
    for await (const { config } of (await jetstreamManager(connection)).streams.list()) names.push(config.name)
    await connection.close()
    assert.deepEqual(names, [])
  })

  it("finds one that is not there, one without JetStream, and one that refuses who asks", async () => {
    one(await lookAt(`nats://127.0.0.1:${await freePort()}`), /wrong: None answers at nats:/)
    one(await lookAt(await ownNats()), /wrong: It runs without JetStream/)
    const url = (await ownNats("-js", "--user", "hub", "--pass", "right")).replace("//", "//hub:wrong@")
    const findings = await lookAt(url)
    one(findings, /wrong: The one at nats:\/\/127\.0\.0\.1:\d+ refuses the user/)
    assert.ok(!JSON.stringify(findings).includes("wrong@"))
  })

  it("finds that it acknowledges before it fsyncs, and that a commit would not go in", async () => {
    const findings = bad(await lookAt(await ownNats("-js"), { fsync: () => 1_000 }))
    assert.match(findings.join("\n"), /a power cut loses what was acknowledged/)
    assert.match(findings.join("\n"), /takes messages of 1048576 bytes/)
    assert.equal(acknowledged(0.9, 1).level, "well")
    assert.match(acknowledged(1, undefined).what, /cannot be seen from another machine/)
  })

  it("does not take a disk that is slow for a moment for a server that does not fsync", async () => {
    let asked = 0
    const slowAtFirst = () => (asked++ < 20 ? 1_000 : 0)
    assert.deepEqual(bad(await lookAt(natsServer.url, { fsync: slowAtFirst })), [])
    assert.equal(asked, 40)
  })

  it("finds other partitions than the journal was made with, and a stream that is nearly full", async () => {
    const connection = await connect({ servers: natsServer.url })
    const manager = await jetstreamManager(connection)
    const specs = streamSpecs(1).map((spec) =>
      spec.name === "JOURNAL" ? { ...spec, metadata: { partitions: "4" } } : spec
    )
    await ensureStreams(manager, specs)
    one(await lookAt(natsServer.url), /wrong: JOURNAL was made with PARTITIONS=4, and it is 1 here/)
    assert.deepEqual(bad(await lookAt(natsServer.url, { partitions: 4 })), [])
    const { config, state } = await manager.streams.add({
      name: "SMALL",
      subjects: ["small"],
      storage: StorageType.File,
      max_bytes: 1_000,
      discard: "new" as never
    })
    await connection.close()
    assert.deepEqual(room({ config, state }), [])
    one(room({ config, state: { ...state, bytes: 900 } }), /wrong: SMALL holds 900 of 1000 bytes/)
  })

  it("finds a journal that throws commits away, or is in memory", () => {
    const of = (config: object) =>
      kept({
        config: { name: JOURNAL, storage: "file", discard: "new", max_age: 0, max_bytes: -1, max_msgs: -1, ...config }
      } as never)
    assert.deepEqual(of({}), [])
    assert.deepEqual(of({ max_bytes: 1e9 }), [], "full it refuses")
    for (const lossy of [{ max_age: 1e9 }, { discard: "old", max_bytes: 1e9 }, { discard: "old", max_msgs: 10 }]) {
      one(of(lossy), /wrong: JOURNAL throws its oldest commits away/)
    }
    one(of({ storage: "memory" }), /wrong: JOURNAL is kept in memory/)
    assert.deepEqual(of({ name: "ALERTS", max_age: 1e9 }), [])
  })

  it("finds two hubs on one journal, and takes a restart for none", () => {
    const by = (owners: string) => [...owners].map((owner, n) => ({ id: `hub${owner}x1-${n}`, at: 1_000 + n }))
    assert.deepEqual(takenOver(by("aaabbb"), 2_000), [])
    assert.deepEqual(takenOver(by("aabbaa"), 120_000), [], "long ago")
    one(takenOver(by("aabbaa"), 2_000), /wrong: Two hubs write one journal .*\(huba, hubb\)/)
  })
})
