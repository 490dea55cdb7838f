/**
 * Carts asked for over one socket, many in flight, and what is told of them: how fast, and how late they are found left.
 */
import { connect } from "@nats-io/transport-node"
import { WebSocket } from "ws"
import { CART_EVENT_SUBJECTS } from "../../streams/subjects.ts"

/** Requests on their way, and in one frame. */
const WINDOW = 4_096
const FRAME = 256

export interface CartAsk {
  readonly cart: string
  readonly body: Readonly<Record<string, unknown>>
}

/** Asks all of them as fast as they are answered; answers how many a second. Fails when one is refused. */
export const askAll = async (hub: string, asks: Iterable<CartAsk>, perSecondMax = Infinity): Promise<number> => {
  const socket = new WebSocket(`${hub.replace("http", "ws")}/v1/ws`)
  await new Promise((resolve, reject) => {
    socket.once("open", resolve)
    socket.once("error", reject)
  })
  const startedMs = performance.now()
  const source = asks[Symbol.iterator]()
  let [sent, answered, isDone] = [0, 0, false]
  await new Promise<void>((resolve, reject) => {
    const more = (): void => {
      const allowed = ((performance.now() - startedMs) * perSecondMax) / 1_000
      while (!isDone && sent - answered + FRAME <= WINDOW && sent < allowed) {
        const frame: Array<object> = []
        while (frame.length < FRAME) {
          const next = source.next()
          if (next.done === true) {
            isDone = true
            break
          }
          frame.push({ op: "request", id: String(sent++), ...next.value })
        }
        if (frame.length > 0) socket.send(JSON.stringify(frame))
      }
      if (isDone && sent === answered) resolve()
    }
    socket.on("message", (data: Buffer) => {
      const told = JSON.parse(data.toString()) as Reply | ReadonlyArray<Reply>
      for (const { body } of Array.isArray(told) ? (told as ReadonlyArray<Reply>) : [told as Reply]) {
        answered++
        if (body?.ok !== true) reject(new Error(`a cart was refused: ${JSON.stringify(body)}`))
      }
      more()
    })
    const pace = setInterval(() => (isDone ? clearInterval(pace) : more()), 5)
    more()
  })
  socket.close()
  return (answered * 1_000) / (performance.now() - startedMs)
}

interface Reply {
  readonly body?: { readonly ok: boolean }
}

/** By how many milliseconds each cart was found later than its time; and carts that were found more than once. */
export interface Left {
  readonly lateMs: ReadonlyArray<number>
  /** When each cart counts as left, by what was told of it last. */
  readonly dueAt: ReadonlyMap<string, number>
  readonly twice: number
  readonly stop: () => Promise<void>
}

interface CartEventMessage {
  readonly cart: string
  readonly type: string
  readonly at: string
  readonly changed: { readonly idleAt?: number | null }
}

/** Listens from now on to `cart.event.*` for carts of which `isOurs` says yes. */
export const watchLeft = async (natsUrl: string, isOurs: (cart: string) => boolean): Promise<Left> => {
  const nats = await connect({ servers: natsUrl })
  const dueAt = new Map<string, number>()
  const seen = new Set<string>()
  const left = { lateMs: [] as Array<number>, dueAt, twice: 0, stop: () => nats.close() }
  nats.subscribe(CART_EVENT_SUBJECTS, {
    callback: (_error, message) => {
      const { cart, type, at, changed } = message.json<CartEventMessage>()
      if (!isOurs(cart)) return
      if (typeof changed.idleAt === "number") dueAt.set(cart, changed.idleAt)
      if (type !== "abandoned") return
      if (seen.has(cart)) left.twice++
      seen.add(cart)
      left.lateMs.push(Date.parse(at) - (dueAt.get(cart) ?? Number.NaN))
    }
  })
  await nats.flush()
  return left
}
