/**
 * Goal: on a NATS server of somebody's own with the example's accounts the hub signs in by its address, and an adapter reaches
 * the hub's account by its facts and requests alone. That permissions would not do is shown beside it.
 * Method: a real server with the example's configuration, and one with permissions that look as if they were enough.
 */
import assert from "node:assert/strict"
import { once } from "node:events"
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { jetstreamManager } from "@nats-io/jetstream"
import { connect, type NatsConnection } from "@nats-io/transport-node"
import { type ChildProcess, spawn } from "node:child_process"
import { Effect } from "effect"
import { afterAll, describe, it } from "vitest"
import { libraryEnvironment } from "../../src/servers/binaries.ts"
import { binaries, freePort, projectRoot } from "../../src/servers/servers.ts"
import { Nats, serverOf } from "../../streams/nats/connection.ts"
import { eventually } from "../support/hub.ts"

const directory = mkdtempSync(join(tmpdir(), "holdfast-nats-users-"))
const servers: Array<ChildProcess> = []

const FACTS = { name: "FACTS", subjects: ["stock.fact.*", "from.*.stock.fact.*"] }
const JOURNAL = { name: "JOURNAL", subjects: ["journal.stock.*"] }

const started = async (configuration: string): Promise<{ readonly hub: string; readonly web: NatsConnection }> => {
  const port = await freePort()
  const { nats, tools } = binaries()
  const store = join(directory, String(port))
  const file = join(directory, `${port}.conf`)
  writeFileSync(file, configuration)
  const environment = { NATS_HUB_PASSWORD: "of-the-hub", NATS_WEB_PASSWORD: "of-web" }
  servers.push(
    spawn(nats, ["-c", file, "-a", "127.0.0.1", "-p", String(port), "-js", "-sd", store], {
      env: { ...process.env, ...libraryEnvironment(tools, nats), ...environment },
      stdio: "ignore"
    })
  )
  const web = await eventually(
    () =>
      connect({ servers: `127.0.0.1:${port}`, user: "web", pass: "of-web", inboxPrefix: "_INBOX.web" }).catch(
        () => undefined as unknown as NatsConnection
      ),
    (open) => open !== undefined
  )
  return { hub: `nats://hub:of-the-hub@127.0.0.1:${port}`, web }
}

afterAll(async () => {
  for (const server of servers) {
    server.kill()
    // It writes until it has ended.
    if (server.exitCode === null && server.signalCode === null) await once(server, "exit")
  }
  rmSync(directory, { recursive: true, force: true })
})

/** What the journal holds after an adapter has told a fact and named the journal as the place for the answer. */
const journalled = async (hub: string, web: NatsConnection): Promise<number> => {
  const connection = await connect({ ...serverOf(hub), reconnect: false })
  const manager = await jetstreamManager(connection)
  for (const stream of [FACTS, JOURNAL]) await manager.streams.add(stream)
  web.publish("stock.fact.A", "{}", { reply: "journal.stock.0" })
  await web.flush()
  await eventually(
    async () => (await manager.streams.info(FACTS.name)).state.messages,
    (messages) => messages === 1
  )
  // The answer to a fact that comes after it.
  await connection.request("stock.fact.A", "{}")
  const { state } = await manager.streams.info(JOURNAL.name)
  await connection.close()
  await web.close()
  return state.messages
}

describe("a NATS server of one's own", () => {
  it("with the example's accounts lets the hub in by its address, and an adapter no further than its facts", async () => {
    copyFileSync(join(projectRoot(), "examples", "nats-access.conf"), join(directory, "nats-access.conf"))
    const { hub, web } = await started('include "nats-access.conf"\n')
    const version = Effect.map(Nats, ({ connection }) => connection.info?.version)
    assert.ok(await Effect.runPromise(Effect.scoped(Effect.provide(version, Nats.layer(hub)))))
    await assert.rejects(connect({ servers: new URL(hub).host, reconnect: false }), /uthorization/)
    await assert.rejects(jetstreamManager(web), /not enabled/i)
    assert.equal(await journalled(hub, web), 0)
    assert.deepEqual(serverOf("nats://s3cret@h:1"), { servers: "nats://h:1", token: "s3cret" })
    assert.deepEqual(serverOf("h:1").user, undefined)
  })

  it("with permissions alone has its own acknowledgement written where an adapter wants it", async () => {
    const permissions = '{ publish: { allow: ["stock.fact.*"] }, subscribe: { allow: ["_INBOX.web.>"] } }'
    const { hub, web } = await started(`authorization { users = [
      { user: hub, password: $NATS_HUB_PASSWORD }
      { user: web, password: $NATS_WEB_PASSWORD, permissions: ${permissions} }
    ] }\n`)
    assert.equal(await journalled(hub, web), 1)
  })
})
