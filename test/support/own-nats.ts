/**
 * A nats-server of a test's own, and connections to it as the hub makes them.
 */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Context, Effect, Exit, Layer, Scope } from "effect"
import { binaries, freePort, startNats } from "../../src/servers/servers.ts"
import { Nats, type NatsShape } from "../../streams/nats/connection.ts"

export interface OwnNats {
  readonly url: string
  readonly nats: NatsShape
  /** Another connection, by way of another address too; it is the caller's to close. */
  readonly connect: (url?: string) => Promise<Connected>
  readonly stop: () => Promise<void>
}

export interface Connected {
  readonly nats: NatsShape
  readonly close: () => Promise<void>
}

const connectTo = async (url: string): Promise<Connected> => {
  const scope = Scope.makeUnsafe()
  const built = Effect.provideService(Layer.build(Nats.layer(url)), Scope.Scope, scope)
  const nats = Context.get(await Effect.runPromise(built), Nats)
  return { nats, close: () => Effect.runPromise(Scope.close(scope, Exit.void)) }
}

export const startOwnNats = async (): Promise<OwnNats> => {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-nats-"))
  const server = await startNats({ binaries: binaries(), directory: join(folder, "nats"), port: await freePort() })
  const { nats, close } = await connectTo(server.url)
  return {
    url: server.url,
    nats,
    connect: (url = server.url) => connectTo(url),
    stop: async () => {
      await close()
      await server.stop()
      rmSync(folder, { recursive: true, force: true })
    }
  }
}
