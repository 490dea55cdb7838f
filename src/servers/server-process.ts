/**
 * One server as a child process: started, or found still running after the hub was killed; watched; stopped.
 *
 * A server gets a process group of its own, so that Ctrl-C in a terminal reaches only the hub, which then stops its
 * servers in order. Beside its data a note says which process it is; whoever starts next adopts it if it is really ours.
 */
import { type ChildProcess, spawn } from "node:child_process"
import { closeSync, mkdirSync, openSync, readFileSync, renameSync, statSync } from "node:fs"
import { setTimeout as sleep } from "node:timers/promises"
import { type Precedence, setSlices, SHORT_SLICE_NS, stepBackSession } from "../scheduling.ts"
import { answers } from "./ports.ts"
import { gone, leftBehind, removeNote, writeNote } from "./process-note.ts"

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
  /** Its own data; it or a file in it is one of its arguments, by which it is recognised. */
  readonly directory: string
  readonly port: number
  readonly url: string
  readonly stopSignal: NodeJS.Signals
  readonly environment: Readonly<Record<string, string>>
  /** Another user to run as, for a server that refuses root. */
  readonly user?: { readonly uid: number; readonly gid: number }
  readonly isReady: () => Promise<boolean>
  /** Whether one that was left behind is such a one as is wanted; asked once, of one that may not answer yet. */
  readonly isWanted?: () => Promise<boolean>
  /** Done while nothing runs on the directory's data. */
  readonly beforeStart?: () => void
  /** Where processors are scarce; absent: it is not told apart from other programs. */
  readonly precedence?: Precedence | undefined
  readonly hold?: ((child: ChildProcess) => void) | undefined
  /** What its log says when it refuses only until the last processes of a killed predecessor have gone. */
  readonly refusesForNow?: RegExp
}

/** PostgreSQL and NATS read their logs after a crash before they answer: killing them meanwhile would only start that anew. */
const READY_MS_MAX = 120_000
/** One that ran already has nothing to read: if it is silent for so long, it hangs. */
const ADOPTED_READY_MS_MAX = 10_000
const REFUSES_MS_MAX = 15_000
const STOP_MS_MAX = 10_000
const POLL_MS = 50
/** Servers say little; one that fails again and again says the same. One older log is kept. */
const LOG_BYTES_MAX = 10_000_000

/** Fails with `ServerFailed` when the port is another program's, or the server ends or does not answer in time. */
export const startServer = async (spec: ServerSpec): Promise<RunningServer> => {
  mkdirSync(spec.directory, { recursive: true })
  const running = await adopt(spec)
  if (running !== undefined) return running
  spec.beforeStart?.()
  const startedMs = performance.now()
  for (;;) {
    if (sizeOf(logPath(spec)) > LOG_BYTES_MAX) renameSync(logPath(spec), `${logPath(spec)}.1`)
    if (await answers(spec.port)) throw new ServerFailed(`port ${spec.port} is taken by another program`)
    const logged = sizeOf(logPath(spec))
    const server = launch(spec)
    const outcome = await settled(server, spec, READY_MS_MAX)
    if (outcome === "ready") return server
    if (outcome === "silent") {
      await server.stop()
      throw new ServerFailed(`it does not answer on port ${spec.port} after ${READY_MS_MAX / 1_000} s`)
    }
    const said = readFileSync(logPath(spec)).subarray(logged).toString()
    const mayPass = spec.refusesForNow?.test(said) === true && performance.now() - startedMs < REFUSES_MS_MAX
    if (!mayPass) throw new ServerFailed(`it stopped at once and said: ${lastWords(said)}`)
    await sleep(POLL_MS * 4)
  }
}

/** The one that was left behind, if it answers where it should; otherwise it is ended, for it holds the data. */
const adopt = async (spec: ServerSpec): Promise<RunningServer | undefined> => {
  const note = leftBehind(spec.directory)
  if (note === undefined) return undefined
  const server = controlled(spec, note.pid, gone(note.pid), true)
  const isWanted = note.port === spec.port && (await spec.isWanted?.()) !== false
  if (isWanted && (await settled(server, spec, ADOPTED_READY_MS_MAX)) === "ready") return server
  await server.stop()
  return undefined
}

const settled = async (server: RunningServer, spec: ServerSpec, patienceMs: number) => {
  const deadlineMs = performance.now() + patienceMs
  let ended = false
  void server.exited.then(() => (ended = true))
  while (!(await spec.isReady())) {
    if (ended) return "ended"
    if (performance.now() > deadlineMs) return "silent"
    await sleep(POLL_MS)
  }
  return "ready"
}

const logPath = (spec: ServerSpec): string => `${spec.directory}.log`

const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0

/** Why it ended, in its own words: the last line that it calls fatal, or else the last. */
const lastWords = (said: string): string => {
  const lines = said.trim().split("\n")
  return lines.findLast((line) => /FATAL|PANIC|\[FTL\]/.test(line)) ?? lines.at(-1) ?? ""
}

const launch = (spec: ServerSpec): RunningServer => {
  const log = openSync(logPath(spec), "a")
  const child = spawn(spec.program, spec.args, {
    cwd: spec.user === undefined ? spec.directory : "/",
    detached: true,
    stdio: ["ignore", log, log],
    env: { PATH: process.env["PATH"] ?? "", LC_ALL: "C.UTF-8", ...spec.environment },
    ...spec.user
  })
  closeSync(log)
  child.unref()
  const exited = new Promise<number | null>((resolve) => {
    child.on("exit", (code) => resolve(code))
    child.on("error", () => resolve(null))
  })
  const pid = child.pid
  if (pid === undefined) throw new ServerFailed(`${spec.program} cannot be run`)
  if (spec.precedence === "behind") stepBackSession(pid)
  if (spec.precedence === "first") void setSlices(pid, SHORT_SLICE_NS)
  spec.hold?.(child)
  writeNote(spec.directory, { pid, port: spec.port })
  return controlled(spec, pid, exited, false)
}

const controlled = (spec: ServerSpec, pid: number, exited: Promise<number | null>, adopted: boolean): RunningServer => {
  let hasEnded = false
  void exited.then(() => (hasEnded = true))
  const signal = (name: NodeJS.Signals): void => {
    // Its number may be another process's by now.
    if (hasEnded) return
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
      removeNote(spec.directory)
    }
  }
}
