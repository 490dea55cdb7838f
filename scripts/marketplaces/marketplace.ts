/**
 * A local marketplace: a sales channel of one's own for tests and the demo, that keeps stock, sells, throttles and fails
 * on a seed, and checks every call with the channel's official description.
 *
 * Here is what they all share: the shelf, the faults, and an HTTP server. What a call looks like is in each
 * marketplace's own folder.
 */
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { Random } from "../simulate/random.ts"

/** What befalls a call. `act-then-...`: it is carried out, and no answer comes that says so. */
export type Fault =
  | "throttle"
  | "error"
  | "unauthorized"
  | "garbage"
  | "hang"
  | "act-then-hang"
  | "act-then-error"
  | "act-then-cut"

export interface FaultOptions {
  readonly seed: number
  /** Share of the calls, from 0 to 1, that a fault befalls. */
  readonly share: number
  /** Among which one is drawn. */
  readonly kinds: ReadonlyArray<Fault>
}

/** Decides what befalls the next call: first what a test has asked for, then by the seed. */
export class Faults {
  private readonly asked: Array<Fault | "none"> = []
  private always: Fault | undefined
  private options: FaultOptions
  private random: Random
  /** How often each befell. */
  readonly counts: Partial<Record<Fault, number>> = {}

  constructor(options: FaultOptions = { seed: 1, share: 0, kinds: [] }) {
    this.options = options
    this.random = new Random(options.seed)
  }

  /** For the next calls, in order. */
  ask(...faults: ReadonlyArray<Fault | "none">): void {
    this.asked.push(...faults)
  }

  /** Every call, until it is taken back with `undefined`. */
  keepUp(fault: Fault | undefined): void {
    this.always = fault
  }

  set(options: FaultOptions): void {
    this.options = options
    this.random = new Random(options.seed)
  }

  next(): Fault | undefined {
    const fault = this.draw()
    if (fault !== undefined) this.counts[fault] = (this.counts[fault] ?? 0) + 1
    return fault
  }

  private draw(): Fault | undefined {
    const asked = this.asked.shift()
    if (asked !== undefined) return asked === "none" ? undefined : asked
    if (this.always !== undefined) return this.always
    const { share, kinds } = this.options
    return kinds.length > 0 && this.random.chance(share) ? this.random.pick(kinds) : undefined
  }
}

/** What the marketplace lists and shows, and what it sold. */
export class Shelf {
  private readonly quantities = new Map<string, number>()
  private readonly skus = new Map<string, string>()
  /** Units sold, by listing. */
  readonly sold = new Map<string, number>()

  put(listingId: string, sku: string, quantity: number): void {
    this.quantities.set(listingId, quantity)
    this.skus.set(listingId, sku)
  }

  has(listingId: string): boolean {
    return this.quantities.has(listingId)
  }

  quantity(listingId: string): number | undefined {
    return this.quantities.get(listingId)
  }

  sku(listingId: string): string | undefined {
    return this.skus.get(listingId)
  }

  /** Sets what is shown, by an API call or a person's hand. */
  show(listingId: string, quantity: number): void {
    if (this.quantities.has(listingId)) this.quantities.set(listingId, quantity)
  }

  /** A shopper takes units off the shelf; false when it shows fewer. */
  take(listingId: string, quantity: number): boolean {
    const shown = this.quantities.get(listingId) ?? 0
    if (shown < quantity) return false
    this.quantities.set(listingId, shown - quantity)
    this.sold.set(listingId, (this.sold.get(listingId) ?? 0) + quantity)
    return true
  }

  listings(): ReadonlyArray<{ readonly listingId: string; readonly sku: string; readonly quantity: number }> {
    return [...this.quantities].map(([listingId, quantity]) => ({
      listingId,
      sku: this.skus.get(listingId) ?? listingId,
      quantity
    }))
  }
}

/** A shopper's order, as the marketplace has it. */
export interface Order {
  readonly id: string
  readonly lines: ReadonlyArray<{ readonly lineId: string; readonly listingId: string; readonly quantity: number }>
}

/** Every marketplace, whatever its API. */
export interface Marketplace {
  readonly url: string
  readonly shelf: Shelf
  readonly faults: Faults
  /** What in the calls was not as the official description has it; empty when all were right. */
  readonly violations: ReadonlyArray<string>
  /** Calls that changed or read quantities, whatever became of them. */
  readonly calls: () => number
  /** A shopper buys; `undefined` when the shelf shows too few. The hub is told as this marketplace tells. */
  sell(lines: ReadonlyArray<{ readonly listingId: string; readonly quantity: number }>): Promise<Order | undefined>
  /** The order is cancelled and its units are back on the shelf; the hub is told. */
  cancel(order: Order): Promise<void>
  close(): Promise<void>
}

export interface HttpRequest {
  readonly method: string
  readonly url: URL
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

export interface HttpAnswer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  /** As JSON; a text goes out as it is. */
  readonly body?: unknown
}

const BODY_BYTES_MAX = 4 * 1024 * 1024

/**
 * Serves on this machine, with faults in front of `handle`. `throttled` and `unauthorized` say those in the
 * marketplace's own way.
 */
export const serveMarketplace = async (options: {
  readonly port?: number
  readonly faults: Faults
  readonly handle: (request: HttpRequest) => Promise<HttpAnswer> | HttpAnswer
  readonly throttled?: () => HttpAnswer
  readonly unauthorized?: () => HttpAnswer
  readonly broken?: () => HttpAnswer
  /** Calls that no fault befalls, such as those for tokens. */
  readonly isSpared?: (request: HttpRequest) => boolean
}): Promise<{ readonly url: string; readonly close: () => Promise<void> }> => {
  const server = createServer((incoming, outgoing) => {
    const chunks: Array<Buffer> = []
    let sizeBytes = 0
    incoming.on("data", (chunk: Buffer) => {
      sizeBytes += chunk.length
      if (sizeBytes > BODY_BYTES_MAX) incoming.destroy()
      else chunks.push(chunk)
    })
    incoming.on("error", () => undefined)
    incoming.on("end", () => {
      const { method = "GET", headers } = incoming
      const url = new URL(incoming.url ?? "/", "http://marketplace")
      void answer({ method, url, headers, body: Buffer.concat(chunks) }).then((given) => send(outgoing, given))
    })
  })
  const answer = async (request: HttpRequest): Promise<HttpAnswer | "cut" | undefined> => {
    const fault = options.isSpared?.(request) === true ? undefined : options.faults.next()
    if (fault === "throttle") return options.throttled?.() ?? { status: 429, headers: { "retry-after": "1" }, body: {} }
    if (fault === "unauthorized") return options.unauthorized?.() ?? { status: 401, body: { message: "who are you?" } }
    if (fault === "error") return { status: 503, body: { message: "the marketplace is having a bad day" } }
    if (fault === "garbage") return { status: 200, headers: { "content-type": "application/json" }, body: "<html>{" }
    if (fault === "hang") return undefined
    const given = await options.handle(request)
    if (fault === "act-then-error")
      return options.broken?.() ?? { status: 500, body: { message: "it broke on the way" } }
    if (fault === "act-then-cut") return "cut"
    return fault === "act-then-hang" ? undefined : given
  }
  await new Promise<void>((resolve) => void server.listen(options.port ?? 0, "127.0.0.1", resolve))
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, close: () => closed(server) }
}

/** Nothing given: the answer never comes. */
const send = (outgoing: ServerResponse, given: HttpAnswer | "cut" | undefined): void => {
  if (given === undefined) return
  if (given === "cut") return void outgoing.destroy()
  const isText = typeof given.body === "string"
  outgoing.writeHead(given.status, {
    "content-type": isText ? "text/plain" : "application/json; charset=utf-8",
    ...given.headers
  })
  outgoing.end(given.body === undefined ? undefined : isText ? given.body : JSON.stringify(given.body))
}

const closed = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
