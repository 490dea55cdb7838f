/**
 * One server as a child process: started, or found still running after the hub was killed; watched; stopped.
 *
 * A server gets a process group of its own, so that Ctrl-C in a terminal reaches only the hub, which then stops its
 * servers in order. Beside its data a note says which process it is; whoever starts next adopts it if it is really ours.
 */
import { spawn } from "node:child_process"
import { existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { connect, createServer } from "node:net"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"

export interface RunningServer {
  readonly name: string
  readonly url: string
  readonly port: number
  readonly pid: number
  /** It was running already. */
  readonly adopted: boolean
  /** Asks it to stop and waits; after ten seconds it is killed. */
  readonly stop: () => Promise<void>
  readonly kill: () => void
  /** Settles with the exit code (`null`: killed, or adopted and gone) when the process has ended. */
  readonly exited: Promise<number | null>
}

/** A server could not be started; the message says what to do. */
export class ServerFailed extends Error {
  override readonly name = "ServerFailed"
}

export interface ServerSpec {
  readonly name: string
  readonly program: string
  readonly args: ReadonlyArray<string>
  /** Its own data; part of its command line, by which it is recognised. */
  readonly directory: string
  readonly port: number
  readonly url: string
  readonly stopSignal: NodeJS.Signals
  readonly environment: Readonly<Record<string, string>>
  /** Another user to run as, for a server that refuses root. */
  readonly user?: { readonly uid: number; readonly gid: number }
  readonly isReady: () => Promise<boolean>
}

const READY_MS_MAX = 30_000
const STOP_MS_MAX = 10_000
const POLL_MS = 50

const notePath = (directory: string): string => join(directory, "holdfast-process.json")

export const startServer = async (spec: ServerSpec): Promise<RunningServer> => {
  mkdirSync(spec.directory, { recursive: true })
  const adopted = findRunning(spec)
  if (adopted === undefined && (await answers(spec.port))) {
    throw new ServerFailed(`port ${spec.port} is taken by another program`)
  }
  const started = adopted ?? launch(spec)
  const deadlineMs = performance.now() + READY_MS_MAX
  let ended = false
  void started.exited.then(() => (ended = true))
  while (!(await spec.isReady())) {
    if (ended) throw new ServerFailed(`${spec.name} stopped at once: ${lastLines(logPath(spec))}`)
    if (performance.now() > deadlineMs) {
      started.kill()
      throw new ServerFailed(`${spec.name} does not answer on port ${spec.port}; see ${logPath(spec)}.`)
    }
    await sleep(POLL_MS)
  }
  return started
}

const logPath = (spec: ServerSpec): string => `${spec.directory}.log`

const lastLines = (path: string): string => readFileSync(path, "utf8").trim().split("\n").slice(-3).join(" / ")

const launch = (spec: ServerSpec): RunningServer => {
  const log = openSync(logPath(spec), "a")
  const child = spawn(spec.program, spec.args, {
    cwd: spec.user === undefined ? spec.directory : "/",
    detached: true,
    stdio: ["ignore", log, log],
    env: { PATH: process.env["PATH"] ?? "", LC_ALL: "C.UTF-8", ...spec.environment },
    ...spec.user
  })
  child.unref()
  const exited = new Promise<number | null>((resolve) => {
    child.on("exit", (code) => resolve(code))
    child.on("error", () => resolve(null))
  })
  const pid = child.pid
  if (pid === undefined) throw new ServerFailed(`${spec.program} cannot be run; is it installed?`)
  writeFileSync(notePath(spec.directory), JSON.stringify({ pid, port: spec.port }))
  return controlled(spec, pid, exited, false)
}

const findRunning = (spec: ServerSpec): RunningServer | undefined => {
  const noted = readNote(spec.directory)
  if (noted === undefined || !isOurs(noted.pid, spec.directory)) return undefined
  if (noted.port === spec.port) return controlled(spec, noted.pid, gone(noted.pid), true)
  // Ours, but on another port than is wanted now.
  process.kill(noted.pid, "SIGKILL")
  return undefined
}

interface Note {
  readonly pid: number
  readonly port: number
}

/** Whether a server that was left behind still holds its data in this directory. */
export const isLeftBehind = (directory: string): boolean => {
  const noted = readNote(directory)
  return noted !== undefined && isOurs(noted.pid, directory)
}

const readNote = (directory: string): Note | undefined => {
  try {
    return JSON.parse(readFileSync(notePath(directory), "utf8")) as Note
  } catch {
    return undefined
  }
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return !isZombie(pid)
  } catch {
    return false
  }
}

/** A killed child of a killed hub may wait for somebody to ask for its exit code. */
const isZombie = (pid: number): boolean => {
  const stat = `/proc/${pid}/stat`
  return existsSync(stat) && /\) Z /.test(readFileSync(stat, "utf8"))
}

/** Process numbers are used again: only the command line tells. Without /proc the port's answer must do. */
const isOurs = (pid: number, directory: string): boolean => {
  if (!isAlive(pid)) return false
  const commandLine = `/proc/${pid}/cmdline`
  return !existsSync(commandLine) || readFileSync(commandLine, "utf8").includes(directory)
}

const gone = async (pid: number): Promise<null> => {
  while (isAlive(pid)) await sleep(POLL_MS * 4, undefined, { ref: false })
  return null
}

const controlled = (spec: ServerSpec, pid: number, exited: Promise<number | null>, adopted: boolean): RunningServer => {
  const signal = (name: NodeJS.Signals): void => {
    try {
      process.kill(pid, name)
    } catch {
      // It has ended by itself.
    }
  }
  return {
    name: spec.name,
    url: spec.url,
    port: spec.port,
    pid,
    adopted,
    exited,
    kill: () => signal("SIGKILL"),
    stop: async () => {
      signal(spec.stopSignal)
      // Nothing else may be left that keeps this process alive until the server has ended: this timer does.
      const patience = setTimeout(() => signal("SIGKILL"), STOP_MS_MAX)
      await exited
      clearTimeout(patience)
      rmSync(notePath(spec.directory), { force: true })
    }
  }
}

/** Whether anything answers on the port. */
export const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1" })
    const settle = (isOpen: boolean): void => {
      socket.destroy()
      resolve(isOpen)
    }
    socket.once("connect", () => settle(true))
    socket.once("error", () => settle(false))
  })

export const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer()
    server.once("error", reject)
    server.listen(0, "127.0.0.1", () => {
      const address = server.address()
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0))
    })
  })
