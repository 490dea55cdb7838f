/**
 * Where the running hub is: read from `run.json` in its home.
 */
import { readFileSync } from "node:fs"
import { join, resolve } from "node:path"

export interface RunFile {
  readonly hub: string
  readonly nats: string
  readonly redis: string
  readonly postgres: string
  readonly pid: number
  /** For the commands of this machine, where the hub has access control. */
  readonly key?: string
}

/** The hub's home; a variable that is empty is none, as for the hub. */
export const homeDirectory = (): string => resolve(process.env["HOLDFAST_HOME"] || ".holdfast")

/** Who asks: the key that is set as `HOLDFAST_KEY`, else this machine's own. */
export const keyOf = (run: Pick<RunFile, "key">): string | undefined => process.env["HOLDFAST_KEY"] ?? run.key

/** The headers that say so. */
export const headersOf = (run: Pick<RunFile, "key">): Readonly<Record<string, string>> => {
  const key = keyOf(run)
  return key === undefined ? {} : { authorization: `Bearer ${key}` }
}

/** No hub runs in this home. */
export class NoHub extends Error {
  override readonly name = "NoHub"
}

export const readRunFile = (): RunFile => {
  const path = join(homeDirectory(), "run.json")
  try {
    return JSON.parse(readFileSync(path, "utf8")) as RunFile
  } catch {
    throw new NoHub(`No hub runs here (${path} is missing); start one with npm start, or set HOLDFAST_HOME.`)
  }
}
