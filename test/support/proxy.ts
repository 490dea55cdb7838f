/**
 * A stretch of network in front of a server, with what can happen to it: it gets slow, it swallows, it breaks.
 */
import { createServer, connect, type Server, type Socket } from "node:net"
import type { AddressInfo } from "node:net"

export type Weather =
  | { readonly kind: "fair" }
  /** Each piece of data takes so long in each direction. */
  | { readonly kind: "slow"; readonly delayMs: number }
  /** Connections stand, nothing comes through. */
  | { readonly kind: "silent" }
  /** Connections are cut, new ones too. */
  | { readonly kind: "cut" }

export class Proxy {
  private weather: Weather = { kind: "fair" }
  private readonly sockets = new Set<Socket>()
  private readonly server: Server
  private readonly target: { readonly host: string; readonly port: number }

  private constructor(target: { readonly host: string; readonly port: number }) {
    this.target = target
    this.server = createServer((incoming) => this.join(incoming))
  }

  static async before(url: string): Promise<Proxy> {
    const { hostname, port } = new URL(url)
    const proxy = new Proxy({ host: hostname, port: Number(port) })
    await new Promise<void>((resolve) => proxy.server.listen(0, "127.0.0.1", resolve))
    return proxy
  }

  /** The server's address by way of the proxy. */
  addressOf(url: string): string {
    const { port } = this.server.address() as AddressInfo
    return url.replace(/@?127\.0\.0\.1:\d+/, (place) => `${place.startsWith("@") ? "@" : ""}127.0.0.1:${port}`)
  }

  set(weather: Weather): void {
    this.weather = weather
    if (weather.kind === "cut") for (const socket of this.sockets) socket.destroy()
    if (weather.kind !== "silent") for (const socket of this.sockets) socket.resume()
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy()
    await new Promise((resolve) => this.server.close(resolve))
  }

  private join(incoming: Socket): void {
    if (this.weather.kind === "cut") {
      incoming.destroy()
      return
    }
    const outgoing = connect(this.target)
    this.carry(incoming, outgoing)
    this.carry(outgoing, incoming)
  }

  private carry(from: Socket, to: Socket): void {
    this.sockets.add(from)
    from.on("data", (data) => {
      if (this.weather.kind === "silent") from.pause()
      if (this.weather.kind === "slow") setTimeout(() => to.writable && to.write(data), this.weather.delayMs)
      else if (to.writable) to.write(data)
    })
    from.on("error", () => undefined)
    from.on("close", () => {
      this.sockets.delete(from)
      to.destroy()
    })
  }
}
