/**
 * Goal: alerts reach every sink that is configured, in the form that it reads, also after it was away or the hub was
 * stopped, and what reaches nobody is kept.
 * Method: the real sinks against local servers that check what they are sent, over a real JetStream.
 */
import assert from "node:assert/strict"
import { createHmac } from "node:crypto"
import { createServer, type IncomingHttpHeaders, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import { Context, Effect, Exit, Fiber, Layer, Scope } from "effect"
import { SMTPServer } from "smtp-server"
import { afterAll, afterEach, beforeAll, beforeEach, describe, it } from "vitest"
import type { Alert } from "../../actors/alert/alert.ts"
import { ensureStreams, streamSpecs } from "../../config/jetstream.ts"
import { deliverAlerts } from "../../src/alerts/delivery.ts"
import type { Sink } from "../../src/alerts/sink.ts"
import { sinksOf } from "../../src/alerts/sinks/sinks.ts"
import { publishAlert } from "../../streams/alerts.ts"
import { DeadLetters, type DeadLettersShape } from "../../streams/dead-letters.ts"
import { Nats, type NatsShape } from "../../streams/nats/connection.ts"
import { alertPlaceSubject, SNAPSHOTS } from "../../streams/subjects.ts"
import { throwAwayServers } from "../../src/servers/servers.ts"
import { until } from "../support/shop.ts"

interface Taken {
  readonly headers: IncomingHttpHeaders
  readonly text: string
}

let server: Server
let url = ""
let taken: Array<Taken> = []
let answers: Array<number> = []

beforeAll(async () => {
  server = createServer((request, response) => {
    const chunks: Array<Buffer> = []
    request.on("data", (chunk: Buffer) => chunks.push(chunk))
    request.on("end", () => {
      const status = answers.shift() ?? 202
      if (status < 300) taken.push({ headers: request.headers, text: Buffer.concat(chunks).toString() })
      response.writeHead(status, status === 429 ? { "retry-after": "0.05" } : {}).end()
    })
  })
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})

afterAll(() => void server.close())

beforeEach(() => {
  taken = []
  answers = []
})

const alert = (episode: string, state: Alert["state"] = "raised"): Alert => ({
  id: `${episode}:${state}`,
  kind: "low-stock",
  state,
  episode,
  subject: "A",
  severity: "warning",
  summary: `A is low <${episode}> & soon gone`,
  details: { available: 2 },
  at: "2026-05-01T12:00:00.000Z"
})

const secret = `whsec_${Buffer.from("a secret of thirty-two bytes ....").toString("base64")}`

const only = (sinks: ReadonlyArray<Sink>): Sink => {
  assert.equal(sinks.length, 1)
  return sinks[0] as Sink
}

const deliver = (sink: Sink, ...alerts: ReadonlyArray<Alert>) => {
  const [first] = alerts
  const delivery =
    alerts.length === 1 && first !== undefined
      ? { type: "one" as const, alert: first }
      : { type: "digest" as const, alerts }
  return sink.deliver(delivery, AbortSignal.timeout(2_000))
}

describe("sinks", () => {
  it("a webhook is signed so that anybody with the secret can check it", async () => {
    const sink = only(sinksOf({ webhook: { url, secret } }))
    assert.deepEqual(await deliver(sink, alert("e")), { ok: true })
    const [{ headers, text } = { headers: {}, text: "" }] = taken
    const signed = `${String(headers["webhook-id"])}.${String(headers["webhook-timestamp"])}.${text}`
    const key = Buffer.from(secret.slice(6), "base64")
    assert.equal(headers["webhook-signature"], `v1,${createHmac("sha256", key).update(signed).digest("base64")}`)
    assert.deepEqual(JSON.parse(text), { type: "alert", alerts: [alert("e")] })
  })

  it("Slack gets a text and blocks, and none of it is read as markup", async () => {
    const sink = only(sinksOf({ slack: { url } }))
    await deliver(sink, alert("e"))
    const body = JSON.parse(taken[0]?.text ?? "") as { readonly text: string; readonly blocks: ReadonlyArray<unknown> }
    assert.equal(body.text, "A is low &lt;e&gt; &amp; soon gone")
    assert.equal(body.blocks.length, 2)
  })

  it("PagerDuty resolves what it triggered", async () => {
    const sink = only(sinksOf({ pagerduty: { key: "routing", url } }))
    await deliver(sink, alert("e"))
    await deliver(sink, alert("e", "cleared"))
    const events = taken.map(({ text }) => JSON.parse(text) as Record<string, unknown>)
    assert.deepEqual(
      events.map((event) => [event["event_action"], event["dedup_key"], event["routing_key"]]),
      [
        ["trigger", "e", "routing"],
        ["resolve", "e", "routing"]
      ]
    )
  })

  it("e-mail arrives with a subject in one line, and a digest lists what it holds", async () => {
    const mails: Array<string> = []
    const smtp = new SMTPServer({
      authOptional: true,
      disabledCommands: ["STARTTLS"],
      onData: (stream, _session, done) => {
        let text = ""
        stream.on("data", (chunk: Buffer) => (text += chunk.toString()))
        stream.on("end", () => {
          mails.push(text)
          done()
        })
      }
    })
    await new Promise<void>((resolve) => void smtp.listen(0, "127.0.0.1", resolve))
    const { port } = smtp.server.address() as AddressInfo
    const smtpUrl = `smtp://127.0.0.1:${port}`
    const sink = only(sinksOf({ email: { to: "ops@shop.example", from: "hub@shop.example", smtpUrl } }))
    const twenty = Array.from({ length: 25 }, (_, index) => alert(`e${index}`))
    assert.deepEqual(await deliver(sink, ...twenty), { ok: true })
    sink.close?.()
    await new Promise<void>((resolve) => void smtp.close(() => resolve()))
    assert.match(mails[0] ?? "", /Subject: Holdfast: 25 alerts raised, 0 cleared/)
    assert.match(mails[0] ?? "", /and 5 more/)
    const refused = await deliver(sink, alert("e"))
    assert.equal(refused.ok === false && refused.isFinal, false)
  })

  it("what went wrong is told without an address or a secret", async () => {
    answers = [500, 404, 429]
    const sink = only(sinksOf({ webhook: { url, secret } }))
    assert.deepEqual(await deliver(sink, alert("e")), { ok: false, isFinal: false, message: "It answered 500." })
    assert.deepEqual(await deliver(sink, alert("e")), { ok: false, isFinal: true, message: "It answered 404." })
    assert.deepEqual(await deliver(sink, alert("e")), {
      ok: false,
      isFinal: false,
      message: "It answered 429.",
      retryAfterMs: 50
    })
    const away = only(sinksOf({ webhook: { url: "http://127.0.0.1:1/private", secret } }))
    const failed = await deliver(away, alert("e"))
    assert.ok(!failed.ok && !failed.message.includes("private"))
  })
})

describe("delivery", () => {
  let nats: NatsShape
  let deadLetters: DeadLettersShape
  let closing: () => Promise<void>
  let running: Array<Fiber.Fiber<never>> = []

  beforeAll(async () => {
    const servers = await throwAwayServers()
    const layer = DeadLetters.layerNats.pipe(Layer.provideMerge(Nats.layer(servers.nats.url)))
    const scope = await Effect.runPromise(Scope.make())
    const context = await Effect.runPromise(Layer.buildWithScope(layer, scope))
    nats = Context.get(context, Nats)
    deadLetters = Context.get(context, DeadLetters)
    await ensureStreams(nats.manager, streamSpecs(1))
    closing = async () => {
      await Effect.runPromise(Scope.close(scope, Exit.void))
      await servers.stop()
    }
  }, 60_000)

  afterEach(async () => {
    await Promise.all(running.map((fiber) => Effect.runPromise(Fiber.interrupt(fiber))))
    running = []
    for (const name of ["webhook", "slack"]) {
      await nats.manager.streams.purge(SNAPSHOTS, { filter: alertPlaceSubject(name) })
    }
  })

  afterAll(() => closing())

  const start = async (sink: Sink): Promise<Fiber.Fiber<never>> => {
    const backoff = { baseMs: 20, factor: 2, maxMs: 100, retriesMax: 3 }
    const fiber = Effect.runFork(deliverAlerts({ nats, deadLetters, sink, random: Math.random, backoff }))
    running.push(fiber)
    await until(
      async () =>
        (await nats.manager.streams.getMessage(SNAPSHOTS, { last_by_subj: alertPlaceSubject(sink.name) })) !== null,
      () => "its place in the stream"
    )
    return fiber
  }

  const tell = (...alerts: ReadonlyArray<Alert>) =>
    Effect.runPromise(Effect.forEach(alerts, (one) => publishAlert(nats, one), { discard: true }))

  const episodes = () =>
    taken.flatMap(({ text }) =>
      (JSON.parse(text) as { readonly alerts: ReadonlyArray<Alert> }).alerts.map(({ id }) => id)
    )

  it("tells each alert once, also one that was published twice", async () => {
    await start(only(sinksOf({ webhook: { url, secret } })))
    await tell(alert("once"), alert("once"))
    await until(
      () => taken.length > 0,
      () => taken
    )
    await new Promise((resolve) => setTimeout(resolve, 400))
    assert.deepEqual(episodes(), ["once:raised"])
  })

  it("tries again until it is taken; a sink that is down holds up no other", async () => {
    await start(only(sinksOf({ webhook: { url: "http://127.0.0.1:1", secret } })))
    await start(only(sinksOf({ slack: { url } })))
    answers = [503, 429, 500]
    await tell(alert("again"))
    await until(
      () => taken.length === 1,
      () => taken
    )
  })

  it("a stop in the middle loses nothing", async () => {
    const sink = only(sinksOf({ webhook: { url, secret } }))
    const first = await start(sink)
    await Effect.runPromise(Fiber.interrupt(first))
    await tell(alert("later"), alert("later2"))
    await start(sink)
    await until(
      () => episodes().length >= 2,
      () => episodes()
    )
    assert.deepEqual(episodes(), ["later:raised", "later2:raised"])
  })

  it("what nobody takes is a dead letter with the reason, and the next is delivered", async () => {
    await start(only(sinksOf({ webhook: { url, secret } })))
    answers = [400]
    await tell(alert("bad"))
    const letters = () => Effect.runPromise(deadLetters.list(0, 100))
    await until(
      async () => (await letters()).some(({ body }) => body.includes('"episode":"bad"')),
      () => "a letter"
    )
    const letter = (await letters()).find(({ body }) => body.includes('"episode":"bad"'))
    assert.equal(letter?.message, "It answered 400. 1 attempts.")
    await tell(alert("good"))
    await until(
      () => episodes().includes("good:raised"),
      () => episodes()
    )
  })
})
