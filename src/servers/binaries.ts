/**
 * The servers' programs as the set-up found or fetched them, and where the project lies.
 */
import type { ChildProcess } from "node:child_process"
import { existsSync, readdirSync } from "node:fs"
import { delimiter, dirname, join } from "node:path"
import type { Precedence } from "../scheduling.ts"
import { ServerFailed } from "./server-process.ts"

export interface Binaries {
  /** Folder of programs that were fetched; they find their libraries in it. */
  readonly tools: string
  /** An empty text for a program that nothing will start. */
  readonly nats: string
  readonly redis: string
  /** The folder of `postgres` and `initdb`. */
  readonly postgresBin: string
}

/** What each of the three is started with. */
export interface StartOptions {
  readonly binaries: Binaries
  /** The server's own data. */
  readonly directory: string
  readonly port: number
  /** Told of the process, so that it may end with this one; absent: it runs on when this one is killed, to be adopted. */
  readonly hold?: (child: ChildProcess) => void
  /** Where processors are scarce; absent: it is not told apart from other programs. */
  readonly precedence?: Precedence
}

/** Handed over by the set-up in `HOLDFAST_BINARIES`. Throws `ServerFailed` when it did not run. */
export const binaries = (): Binaries => {
  const given = process.env["HOLDFAST_BINARIES"]
  if (given === undefined) {
    throw new ServerFailed(
      "The servers' programs are not known: start with npm start, npm test or npm run holdfast, or name servers that run in NATS_URL, REDIS_URL and DATABASE_URL."
    )
  }
  return JSON.parse(given) as Binaries
}

/** The project's folder, from the sources as from their compiled form. */
export const projectRoot = (): string => {
  let directory = import.meta.dirname
  while (!existsSync(join(directory, "nats-server.conf"))) directory = dirname(directory)
  return directory
}

/** What a fetched program needs to find its fetched libraries; the system's programs need nothing. */
export const libraryEnvironment = (tools: string, program: string): Record<string, string> => {
  if (!program.startsWith(tools)) return {}
  const folders = ["usr/lib", "lib"]
    .map((base) => join(tools, base))
    .filter((base) => existsSync(base))
    .flatMap((base) => readdirSync(base).map((entry) => join(base, entry)))
  return { LD_LIBRARY_PATH: folders.filter((path) => path.includes("-linux-gnu")).join(delimiter) }
}
