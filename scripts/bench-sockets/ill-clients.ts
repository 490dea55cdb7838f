/**
 * Clients that no server would wish for, all the time: some follow everything and never read, some send garbage or pings as fast
 * as they are let, some vanish without a word; whoever is closed or gone comes back a second later.
 */
import type { WebSocket } from "ws"
import { ALL_TOPICS, openSocket, topicsOf } from "./audience.ts"

const AGAIN_MS = 1_000
const FLOOD_EVERY_MS = 10
const FLOOD_MESSAGES = 5
const VANISH_AFTER_MS = 500

const HELLO = JSON.stringify({ op: "subscribe", topics: ALL_TOPICS })
const PINGS = `[${Array.from({ length: FLOOD_MESSAGES }, () => `{"op":"ping"}`).join(",")}]`
const GARBAGE = `{"op":"subscribe","topics":[{"__proto__":1}]`

type Illness = (socket: WebSocket, nth: number, skus: number) => void

const stalls: Illness = (socket) => {
  socket.send(HELLO)
  socket.pause()
}

const floods: Illness = (socket, nth) => {
  const sending = setInterval(() => socket.send(nth % 2 === 0 ? PINGS : GARBAGE), FLOOD_EVERY_MS)
  socket.once("close", () => clearInterval(sending))
}

const vanishes: Illness = (socket, nth, skus) => {
  socket.send(JSON.stringify({ op: "subscribe", topics: topicsOf(nth, skus) }))
  setTimeout(() => socket.terminate(), VANISH_AFTER_MS)
}

export const ILLNESSES = { stalls, floods, vanishes } as const

export class IllClients {
  /** How often one was closed, or went. */
  ended = 0
  private readonly sockets = new Set<WebSocket>()
  private isOver = false

  start(url: string, each: number, skus: number): void {
    for (const illness of Object.values(ILLNESSES)) {
      for (let nth = 0; nth < each; nth++) void this.live(url, illness, nth, skus)
    }
  }

  close(): void {
    this.isOver = true
    for (const socket of this.sockets) socket.terminate()
  }

  private async live(url: string, illness: Illness, nth: number, skus: number): Promise<void> {
    while (!this.isOver) {
      const socket = await openSocket(url).catch(() => undefined)
      if (socket !== undefined) {
        const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()))
        this.sockets.add(socket)
        illness(socket, nth, skus)
        if (this.isOver) socket.terminate()
        await closed
        this.sockets.delete(socket)
        this.ended++
      }
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS))
    }
  }
}
