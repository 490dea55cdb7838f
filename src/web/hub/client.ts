/**
 * Everything of the hub that pages share, put together once: connection, store, figures, and the context that hands
 * them to components.
 *
 * Pages join by reading from here; a page that needs another topic adds its store beside `stock`.
 */
import { createContext, useContext } from "react"
import type { HubStatus, ServerMessage } from "../../gateway/protocol.ts"
import { Session } from "../access/session.ts"
import { Listing } from "../stock/listing.ts"
import { StockStore } from "../stock/store.ts"
import { Thresholds } from "../stock/thresholds.ts"
import { nowMs } from "./clock.ts"
import { isStockMessage } from "./frames.ts"
import { get } from "./http.ts"
import { PulseMeter } from "./pulse.ts"
import { HubSocket } from "./socket.ts"
import { Poll } from "./poll.ts"

export interface HubClient {
  readonly socket: HubSocket
  readonly stock: StockStore
  readonly listing: Listing
  readonly status: Poll<HubStatus>
  readonly pulse: PulseMeter
  readonly session: Session
  /** Nobody is known who could see anything: nothing is asked for any more. */
  readonly stop: () => void
}

export const isHidden = (): boolean => document.visibilityState === "hidden"

const socketUrl = (): string => {
  const url = new URL("/v1/ws", window.location.href)
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:"
  return url.href
}

export const startHubClient = (): HubClient => {
  const stock = new StockStore((flush) => requestAnimationFrame(flush))
  const pulse = new PulseMeter(nowMs)
  const status = new Poll({ read: () => get("/v1/status", {}), isHidden })
  const thresholds = new Thresholds({
    fetchPage: (query) => get("/v1/stock", { query }),
    onView: (view) => stock.applyView(view),
    isHidden,
    now: nowMs
  })

  const onMessages = (messages: ReadonlyArray<ServerMessage>, openedAtMs: number): void => {
    const arrivedAtMs = nowMs()
    for (const message of messages) {
      if (!isStockMessage(message)) continue
      const acknowledgedAtMs = message.t / 1_000
      const happenedNow = acknowledgedAtMs >= openedAtMs
      if (stock.row(message.sku) === undefined) thresholds.skuAppeared()
      if (stock.apply(message, happenedNow ? arrivedAtMs : 0) && happenedNow) {
        pulse.record(arrivedAtMs, acknowledgedAtMs)
      }
    }
  }

  const socket = new HubSocket({
    open: () => new WebSocket(socketUrl()),
    topics: ["stock.*"],
    versions: () => stock.versions(),
    onUnconfirmed: (skus) => stock.unconfirm(skus),
    onMessages,
    now: nowMs,
    random: Math.random
  })

  window.addEventListener("online", () => socket.retryNow())
  document.addEventListener("visibilitychange", () => {
    if (!isHidden()) socket.retryNow()
  })
  const session = new Session()
  void session.read()
  const stop = (): void => {
    for (const part of [socket, status, pulse, thresholds]) part.stop()
  }
  socket.start()
  status.start()
  pulse.start()
  thresholds.start()
  return { socket, stock, listing: new Listing(stock, nowMs), status, pulse, session, stop }
}

export const HubContext = createContext<HubClient | undefined>(undefined)

export const useHub = (): HubClient => {
  const hub = useContext(HubContext)
  if (hub === undefined) throw new Error("useHub is called outside of HubContext")
  return hub
}
