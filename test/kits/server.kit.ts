/**
 * What any server in front of the gateway must do; see `src/gateway/serving.ts`.
 */
import assert from "node:assert/strict"
import { connect } from "node:net"
import { Deferred, Effect, type Scope } from "effect"
import { describe, it } from "vitest"
import { WebSocket } from "ws"
import { FRAME_BYTES_MAX, REQUEST_MS_MAX } from "../../config/limits.ts"
import type { ListenFailed, RunningServer, ServerOptions, ServerSocket } from "../../src/gateway/serving.ts"
import { eventually } from "../support/hub.ts"

type Serve = (options: ServerOptions) => Effect.Effect<RunningServer, ListenFailed, Scope.Scope>

const SOCKET_PATH = "/v1/ws"

const obeying = (socket: ServerSocket) => ({
  onFrame: (bytes: ArrayBuffer) => obey(socket, Buffer.from(bytes).toString()),
  onDrained: () => undefined,
  onClosed: () => undefined
})

/** Says what it was asked; sockets do what their frames say. */
const options = (port = 0): ServerOptions => ({
  host: "127.0.0.1",
  port,
  handle: ({ method, path, query, body }, respond) =>
    respond({
      status: body === undefined ? 413 : 200,
      contentType: "application/json",
      body: JSON.stringify({ method, path, name: query.get("name"), size: body?.length }),
      headers: { "x-kit": "yes" }
    }),
  sockets: [
    { path: SOCKET_PATH, open: obeying },
    { path: `${SOCKET_PATH}/polite`, protocol: "polite.v2", open: obeying }
  ]
})

const obey = (socket: ServerSocket, said: string): void => {
  const [verb, topic = ""] = said.split(" ")
  if (verb === "follow") socket.follow(topic)
  else if (verb === "unfollow") socket.unfollow(topic)
  else if (verb === "lend") return lend(socket)
  else if (verb === "protocol") return socket.send(`protocol ${socket.protocol}`)
  else if (verb === "close") return socket.close(4_000, "as you wish")
  socket.send(`done ${said.slice(0, 100)}`)
}

/** The same memory for one message after the other. */
const lend = (socket: ServerSocket): void => {
  const memory = Buffer.from("lent 0")
  for (let n = 1; n <= 3; n++) {
    memory.write(String(n), 5)
    socket.send(memory)
  }
  memory.fill("x")
}

const withServer = (serve: Serve, use: (server: RunningServer, url: string) => Promise<void>): Promise<void> =>
  Effect.runPromise(
    Effect.scoped(
      Effect.flatMap(serve(options()), (server) => Effect.promise(() => use(server, `http://127.0.0.1:${server.port}`)))
    )
  )

class Client {
  readonly heard: Array<string> = []
  closeCode: number | undefined
  readonly socket: WebSocket

  constructor(url: string, path = SOCKET_PATH, protocols: ReadonlyArray<string> = []) {
    this.socket = new WebSocket(url.replace("http", "ws") + path, [...protocols])
    this.socket.on("message", (data: Buffer) => this.heard.push(data.toString()))
    this.socket.on("close", (code) => (this.closeCode = code))
    this.socket.on("error", () => undefined)
  }

  static async open(url: string, path?: string, protocols?: ReadonlyArray<string>): Promise<Client> {
    const client = new Client(url, path, protocols)
    await new Promise((resolve) => client.socket.once("open", resolve))
    return client
  }

  async says(said: string): Promise<void> {
    this.socket.send(said)
    await this.hears(`done ${said.slice(0, 100)}`)
  }

  async hears(text: string): Promise<void> {
    await eventually(
      async () => this.heard,
      (heard) => heard.includes(text)
    )
  }
}

export const serverKit = (name: string, serve: Serve): void => {
  describe(`a server (${name})`, () => {
    itAnswers(serve)
    itKeepsSockets(serve)
    itTakesBytes(serve)
    itTakesRequests(serve)
  })
}

const itAnswers = (serve: Serve): void => {
  it("hands over method, path, query and body, and gives back status, headers and text", () =>
    withServer(serve, async (_server, url) => {
      const response = await fetch(`${url}/a%2Fb?name=x%20y`, { method: "POST", body: "hello" })
      assert.equal(response.status, 200)
      assert.equal(response.headers.get("x-kit"), "yes")
      assert.equal(response.headers.get("x-content-type-options"), "nosniff")
      assert.deepEqual(await response.json(), { method: "post", path: "/a%2Fb", name: "x y", size: 5 })
      const head = await fetch(url, { method: "HEAD" })
      assert.equal(await head.text(), "")
      assert.ok(Number(head.headers.get("content-length")) > 10)
    }))

  it("takes a body up to the limit, and refuses a larger one without keeping it", () =>
    withServer(serve, async (_server, url) => {
      const fits = await fetch(url, { method: "POST", body: "x".repeat(FRAME_BYTES_MAX) })
      assert.equal(((await fits.json()) as { size: number }).size, FRAME_BYTES_MAX)
      const large = await fetch(url, { method: "POST", body: "x".repeat(FRAME_BYTES_MAX + 1) })
      assert.equal(large.status, 413)
    }))

  it("says that its port is taken", () =>
    withServer(serve, async (server) => {
      const second = await Effect.runPromise(Effect.result(Effect.scoped(serve(options(server.port)))))
      assert.ok(second._tag === "Failure" && /is taken/.test(second.failure.message))
    }))
}

const itKeepsSockets = (serve: Serve): void => {
  it("publishes to those who follow, and to nobody else", () =>
    withServer(serve, async (server, url) => {
      const [ann, bob] = [await Client.open(url), await Client.open(url)]
      assert.equal(server.sockets(), 2)
      await ann.says("follow news")
      server.publish("news", "first")
      await ann.hears("first")
      await ann.says("unfollow news")
      await bob.says("follow news")
      server.publish("news", "second")
      await bob.hears("second")
      assert.deepEqual(
        ann.heard.filter((text) => !text.startsWith("done")),
        ["first"]
      )
      ann.socket.terminate()
      await eventually(
        async () => server.sockets(),
        (count) => count === 1
      )
      bob.socket.terminate()
    }))

  it("closes a socket with a code, one whose frame is too large, and all of them when it stops", async () => {
    const stopping = Deferred.makeUnsafe<Client>()
    await withServer(serve, async (_server, url) => {
      const [polite, greedy, last] = [await Client.open(url), await Client.open(url), await Client.open(url)]
      polite.socket.send("close")
      greedy.socket.send("x".repeat(FRAME_BYTES_MAX + 1))
      await eventually(
        async () => [polite.closeCode, greedy.closeCode],
        ([code, other]) => code === 4_000 && other !== undefined
      )
      Deferred.doneUnsafe(stopping, Effect.succeed(last))
    })
    const last = await Effect.runPromise(Deferred.await(stopping))
    await eventually(
      async () => last.closeCode,
      (code) => code === 1_001
    )
  })

  it("opens sockets at several paths, and agrees to the sub-protocol that is spoken there", () =>
    withServer(serve, async (server, url) => {
      const plain = await Client.open(url)
      const polite = await Client.open(url, `${SOCKET_PATH}/polite`, ["polite.v1", "polite.v2"])
      assert.equal(polite.socket.protocol, "polite.v2")
      polite.socket.send("protocol")
      await polite.hears("protocol polite.v2")
      await plain.says("follow news")
      await polite.says("follow news")
      server.publish("news", "for all")
      await Promise.all([plain.hears("for all"), polite.hears("for all")])
      plain.socket.terminate()
      polite.socket.terminate()
    }))

  it("opens sockets at their path only", () =>
    withServer(serve, async (server, url) => {
      const socket = new WebSocket(`${url.replace("http", "ws")}/elsewhere`)
      await new Promise((resolve) => socket.once("error", resolve))
      assert.equal(server.sockets(), 0)
    }))
}

const itTakesBytes = (serve: Serve): void => {
  it("has taken a message's bytes when it was handed them", () =>
    withServer(serve, async (_server, url) => {
      const client = await Client.open(url)
      client.socket.send("lend")
      await client.hears("lent 3")
      assert.deepEqual(client.heard, ["lent 1", "lent 2", "lent 3"])
      client.socket.terminate()
    }))
}

/** What is heard until the connection is closed, and after how long that was. */
const heardFrom = (url: string, head: string, trickle?: string): Promise<{ said: string; tookMs: number }> =>
  new Promise((resolve) => {
    const startedMs = performance.now()
    const socket = connect(Number(new URL(url).port), "127.0.0.1")
    let said = ""
    socket.write(head)
    const trickling = trickle === undefined ? undefined : setInterval(() => socket.write(trickle), 500)
    socket.on("data", (bytes: Buffer) => (said += bytes.toString()))
    socket.on("error", () => undefined)
    socket.on("close", () => {
      clearInterval(trickling)
      resolve({ said, tookMs: performance.now() - startedMs })
    })
  })

const itTakesRequests = (serve: Serve): void => {
  it("closes who sends a request byte by byte, wherever in it, and answers nothing", () =>
    withServer(serve, async (_server, url) => {
      const began = "POST /a HTTP/1.1\r\nHost: localhost\r\n"
      const trickled = await Promise.all(
        [
          "GET /",
          `${began}x-a: `,
          `${began}Content-Length: 50000\r\n\r\n`,
          `${began}Transfer-Encoding: chunked\r\n\r\n5000\r\n`
        ].map((head) => heardFrom(url, head, "a"))
      )
      for (const { said, tookMs } of trickled) {
        assert.doesNotMatch(said, /HTTP\/1\.1 2/)
        assert.ok(tookMs < 2 * REQUEST_MS_MAX, `${tookMs} ms`)
      }
    }))

  it("takes headers of some kilobytes, and none without end, where all of them are read", () =>
    withServer(
      (given) => serve({ ...given, keepsAllHeaders: true }),
      async (_server, url) => {
        const asked = (header: string) =>
          heardFrom(url, `GET /a HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nx-a: ${header}\r\n\r\n`)
        assert.match((await asked("a".repeat(3_000))).said, /^HTTP\/1\.1 200/)
        for (const kibibytes of [32, 256]) {
          assert.match((await asked("a".repeat(kibibytes * 1024))).said, /^(HTTP\/1\.1 431|$)/)
        }
      }
    ))
}
