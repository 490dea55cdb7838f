/**
 * Goal: on a NATS server with users the hub signs in by its address, and an adapter can do no more than its permissions say.
 * Method: a real server with the example's configuration; what is refused is heard of from the server.
 */
import assert from "node:assert/strict"
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { connect, type NatsConnection } from "@nats-io/transport-node"
import { type ChildProcess, spawn } from "node:child_process"
import { Effect } from "effect"
import { afterAll, beforeAll, describe, it } from "vitest"
import { libraryEnvironment } from "../../src/servers/binaries.ts"
import { binaries, freePort, projectRoot } from "../../src/servers/servers.ts"
import { Nats, serverOf } from "../../streams/nats/connection.ts"
import { eventually } from "../support/hub.ts"

const directory = mkdtempSync(join(tmpdir(), "holdfast-nats-users-"))
let server: ChildProcess
let port: number
let adapter: NatsConnection
const refusals: Array<string> = []

beforeAll(async () => {
  port = await freePort()
  const { nats, tools } = binaries()
  const configuration = join(directory, "server.conf")
  writeFileSync(configuration, 'include "nats-access.conf"\n')
  copyFileSync(join(projectRoot(), "examples", "nats-access.conf"), join(directory, "nats-access.conf"))
  server = spawn(nats, ["-c", configuration, "-a", "127.0.0.1", "-p", String(port), "-js", "-sd", directory], {
    env: {
      ...process.env,
      ...libraryEnvironment(tools, nats),
      NATS_HUB_PASSWORD: "of-the-hub",
      NATS_WEB_PASSWORD: "of-web"
    },
    stdio: "ignore"
  })
  adapter = await eventually(
    () =>
      connect({ servers: `127.0.0.1:${port}`, user: "web", pass: "of-web", inboxPrefix: "_INBOX.web" }).catch(
        () => undefined as unknown as NatsConnection
      ),
    (open) => open !== undefined
  )
  void (async () => {
    for await (const status of adapter.status())
      refusals.push(JSON.stringify(status, (_key, value: unknown) => (value instanceof Error ? value.message : value)))
  })()
}, 30_000)
afterAll(async () => {
  await adapter.close()
  server.kill()
  rmSync(directory, { recursive: true, force: true })
})

describe("a NATS server with users", () => {
  it("lets the hub in by the user in its address, and nobody without one", async () => {
    const url = `nats://hub:of-the-hub@127.0.0.1:${port}`
    const version = Effect.map(Nats, ({ connection }) => connection.info?.version)
    assert.ok(await Effect.runPromise(Effect.scoped(Effect.provide(version, Nats.layer(url)))))
    await assert.rejects(connect({ servers: `127.0.0.1:${port}`, reconnect: false }), /uthorization/)
    assert.deepEqual(serverOf("nats://s3cret@h:1"), { servers: "nats://h:1", token: "s3cret" })
    assert.deepEqual(serverOf("h:1").user, undefined)
  })

  it("lets an adapter tell facts and ask, and neither write the journal nor listen to others", async () => {
    for (const subject of [
      "journal.stock.0",
      "access.event",
      "payment.fact.x",
      "cart.fact.x",
      "$JS.API.STREAM.DELETE.JOURNAL"
    ]) {
      adapter.publish(subject, "{}")
      await eventually(
        async () => refusals,
        (heard) => heard.some((text) => text.includes(subject))
      )
    }
    adapter.subscribe("stock.request.*", { callback: () => undefined })
    adapter.subscribe("_INBOX.>", { callback: () => undefined })
    await eventually(
      async () => refusals,
      (heard) => heard.some((text) => text.includes("stock.request")) && heard.some((text) => text.includes("_INBOX.>"))
    )
    adapter.publish("stock.fact.A", "{}")
    await adapter.flush()
    assert.ok(!refusals.some((text) => text.includes("stock.fact.A")))
  })
})
