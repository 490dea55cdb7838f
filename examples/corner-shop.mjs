/**
 * A template for an adapter, whole and checked: `npm run holdfast -- adapter-check examples/corner-shop.mjs`.
 *
 * The channel takes quantities by POST and tells of orders by a webhook whose body is signed with a shared key. Copy it,
 * put in what your channel says, and run the check until nothing fails.
 */
import { createHmac, timingSafeEqual } from "node:crypto"
import { createServer } from "node:http"

const sign = (key, body) => createHmac("sha256", key).update(body).digest()

/** @type {import("../src/channels/adapter.ts").AdapterModule} */
const cornerShop = {
  kind: "corner-shop",
  make: ({ settings, fetch }) => {
    if (typeof settings.url !== "string" || typeof settings.key !== "string") {
      throw new Error("The settings url and key must be texts.")
    }
    // Failures are values: whoever asks must know whether to wait, to call the operator, or to try again.
    const call = async (path, signal, body) => {
      try {
        const headers = { authorization: `Bearer ${settings.key}` }
        const init = body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }
        const response = await fetch(`${settings.url}${path}`, { ...init, headers, signal })
        if (response.ok) return { ok: true, value: await response.json() }
        const kind = response.status === 429 ? "throttled" : response.status === 401 ? "unauthorized" : "unavailable"
        return { ok: false, failure: { kind, message: `The shop answered ${response.status}.` } }
      } catch {
        return { ok: false, failure: { kind: "unavailable", message: "The shop did not answer with what it should." } }
      }
    }
    return {
      limits: { batchMax: 50, callsPerSecond: 5, burst: 10, concurrencyMax: 1, windowMs: 200 },

      async push(writes, signal) {
        const result = await call("/stock", signal, writes)
        if (!result.ok) return result
        const gone = new Set(result.value.unknown)
        const outcomeOf = ({ listingId }) =>
          gone.has(listingId)
            ? { type: "rejected", code: "unknown", message: "The shop has no such listing." }
            : { type: "applied" }
        return { ok: true, value: writes.map(outcomeOf) }
      },

      list: (cursor, signal) => call(`/stock?after=${cursor ?? 0}`, signal),

      async receive({ headers, body }) {
        const given = Buffer.from(headers["x-signature"] ?? "", "hex")
        const made = sign(settings.key, body)
        if (given.length !== made.length || !timingSafeEqual(given, made)) {
          return { type: "refused", status: 401, message: "The signature is not ours." }
        }
        const order = parse(body)
        if (typeof order?.id !== "string" || !Array.isArray(order.lines)) {
          return { type: "refused", status: 400, message: "The body is no order." }
        }
        const isBack = order.cancelled === true
        const events = order.lines.map(({ line, listing, units }) => ({
          type: isBack ? "return" : "sale",
          // The same each time it is told, so that twice is once.
          id: `${order.id}:${line}${isBack ? ":back" : ""}`,
          listingId: String(listing),
          quantity: units,
          // The shop has already moved the quantity that it shows.
          shownBy: isBack ? units : -units,
          reference: order.id
        }))
        return { type: "events", events }
      }
    }
  }
}

const parse = (body) => {
  try {
    return JSON.parse(Buffer.from(body).toString())
  } catch {
    return undefined
  }
}

export default cornerShop

/** The far side for the check: a shop that keeps stock, sells, and fails when it is told to. */
export const bench = async () => {
  const key = "the key of the corner shop"
  const quantities = new Map()
  const deliveries = []
  const faults = { asked: [], always: undefined, counts: {} }
  let calls = 0
  let orders = 0

  const handle = (request, text) => {
    if (request.headers.authorization !== `Bearer ${key}`) return [401, {}]
    if (request.method === "POST") {
      const unknown = []
      for (const { listingId, quantity } of JSON.parse(text)) {
        if (quantities.has(listingId)) quantities.set(listingId, quantity)
        else unknown.push(listingId)
      }
      return [200, { unknown }]
    }
    const from = Number(new URL(request.url, "http://shop").searchParams.get("after"))
    const items = [...quantities].slice(from, from + 100).map(([listingId, quantity]) => ({ listingId, quantity }))
    return [200, { items, ...(from + 100 < quantities.size ? { next: String(from + 100) } : {}) }]
  }

  const statuses = { throttle: 429, unauthorized: 401, error: 503, garbage: 200 }
  const server = createServer((request, response) => {
    let text = ""
    request.on("data", (chunk) => (text += chunk))
    request.on("end", () => {
      calls++
      const fault = faults.asked.shift() ?? faults.always
      if (fault in statuses) return response.writeHead(statuses[fault]).end("<html>")
      if (fault === "hang") return
      const [status, body] = handle(request, text)
      if (fault !== "act-then-hang") response.writeHead(status).end(JSON.stringify(body))
    })
  })
  await new Promise((resolve) => void server.listen(0, "127.0.0.1", resolve))
  const url = `http://127.0.0.1:${server.address().port}`

  const signed = (body, receivedAtMs) => ({
    topic: "",
    headers: { "x-signature": sign(key, body).toString("hex") },
    body,
    receivedAtMs
  })
  const tell = (order, cancelled) => {
    const lines = order.lines.map(({ lineId, listingId, quantity }) => ({
      line: lineId,
      listing: listingId,
      units: quantity
    }))
    deliveries.push(signed(Buffer.from(JSON.stringify({ id: order.id, cancelled, lines })), Date.now()))
  }

  return {
    module: cornerShop,
    settings: { url, key },
    isTold: true,
    listingId: (index) => `listing-${index}`,
    deliveries: () => deliveries.splice(0),
    sign: signed,
    nowMs: Date.now,
    market: {
      url,
      violations: [],
      calls: () => calls,
      shelf: {
        put: (listingId, _sku, quantity) => void quantities.set(listingId, quantity),
        quantity: (listingId) => quantities.get(listingId)
      },
      faults: {
        ask: (...kinds) => void faults.asked.push(...kinds),
        keepUp: (kind) => void (faults.always = kind)
      },
      sell: async (lines) => {
        const order = { id: `o-${++orders}`, lines: lines.map((line, index) => ({ ...line, lineId: String(index) })) }
        for (const { listingId, quantity } of lines) quantities.set(listingId, quantities.get(listingId) - quantity)
        tell(order, false)
        return order
      },
      cancel: async (order) => tell(order, true),
      close: async () => {
        server.closeAllConnections()
        server.close()
      }
    }
  }
}
