/**
 * Ports of the loopback address: who answers there, and one that is free.
 */
import { connect, createServer } from "node:net"

const ANSWER_MS_MAX = 2_000

/** The first bytes that whoever listens sends unasked, "" if it accepts and is silent; `undefined` when nobody listens. */
const connected = (port: number, waitsForGreeting: boolean): Promise<string | undefined> =>
  new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1" })
    const settle = (greeting: string | undefined): void => {
      socket.destroy()
      resolve(greeting)
    }
    socket.setTimeout(ANSWER_MS_MAX, () => settle(socket.connecting ? undefined : ""))
    socket.once("connect", () => {
      if (!waitsForGreeting) settle("")
    })
    socket.once("data", (chunk) => settle(chunk.toString("latin1")))
    socket.once("error", () => settle(undefined))
    socket.once("end", () => settle(""))
  })

/** Whether anything listens on the port. */
export const answers = async (port: number): Promise<boolean> => (await connected(port, false)) !== undefined

/** What whoever listens on the port says first, "" if it waits to be asked; `undefined` when nobody listens. */
export const greeting = (port: number): Promise<string | undefined> => connected(port, true)

export const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer()
    server.once("error", reject)
    server.listen(0, "127.0.0.1", () => {
      const address = server.address()
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0))
    })
  })
