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

/**
 * Below the ports that systems lend to whoever asks for none in particular: one of those could be lent to another program
 * between this answer and its use.
 */
const [FIRST, LAST] = [10_240, 32_767]

/** Each process counts up from a port of its own, so that two which look at once find different ones. */
let next = FIRST + Math.floor(Math.random() * (LAST - FIRST))

/** One that nobody listens on, and that this process was not given before. */
export const freePort = async (): Promise<number> => {
  for (let tries = FIRST; tries <= LAST; tries++) {
    const port = next
    next = port === LAST ? FIRST : port + 1
    if (await isFree(port)) return port
  }
  throw new Error(`no port of the loopback address from ${FIRST} to ${LAST} is free`)
}

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer()
    server.once("error", () => resolve(false))
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)))
  })
