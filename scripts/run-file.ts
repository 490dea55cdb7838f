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
}

/** No hub runs in this home. */
export class NoHub extends Error {
  override readonly name = "NoHub"
}

export const readRunFile = (): RunFile => {
  const path = join(resolve(process.env["HOLDFAST_HOME"] ?? ".holdfast"), "run.json")
  try {
    return JSON.parse(readFileSync(path, "utf8")) as RunFile
  } catch {
    throw new NoHub(`No hub runs here (${path} is missing); start one with npm start, or set HOLDFAST_HOME.`)
  }
}
