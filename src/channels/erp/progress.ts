/**
 * How far a file is done, beside the file: written whole, fsynced and renamed into place, so that after a kill -9 there
 * is either the state before or the one after, never half of one.
 */
import { open, readFile, rename, unlink } from "node:fs/promises"
import { dirname } from "node:path"

export interface Counts {
  /** Rows that were read; the header and the trailer are none. */
  readonly rows: number
  /** Of these, those whose facts were acknowledged. */
  readonly facts: number
  /** Of no concern: nothing moved, or the format says to ignore them. */
  readonly ignored: number
  readonly rejected: number
}

export interface Progress extends Counts {
  /** Of the content that it is about; a file of the same name with another is another file. */
  readonly sha256: string
  /** Where the next row begins. */
  readonly offset: number
  readonly line: number
  /** The report of rejected rows, a name in `rejected/`, and how much of it these counts cover. */
  readonly report: string
  readonly reportBytes: number
}

/** `undefined` when there is none that can be read: then the file is begun again, which its ids make harmless. */
export const readProgress = async (path: string): Promise<Progress | undefined> => {
  try {
    const found = JSON.parse(await readFile(path, "utf8")) as Partial<Record<keyof Progress, unknown>> | null
    if (found === null || typeof found.sha256 !== "string" || typeof found.report !== "string") return undefined
    const { rows, facts, ignored, rejected, offset, line, reportBytes } = found
    const numbers = [rows, facts, ignored, rejected, offset, line, reportBytes]
    const isWhole = numbers.every((value) => Number.isSafeInteger(value) && (value as number) >= 0)
    return isWhole && !found.report.includes("/") ? (found as Progress) : undefined
  } catch {
    return undefined
  }
}

export const writeDurably = async (path: string, value: unknown): Promise<void> => {
  const half = `${path}.tmp`
  const file = await open(half, "w")
  try {
    await file.writeFile(`${JSON.stringify(value)}\n`)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(half, path)
  await syncFolder(dirname(path))
}

/** A rename is durable once the folder is. */
export const syncFolder = async (path: string): Promise<void> => {
  const folder = await open(path, "r")
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

export const removeIfThere = async (path: string): Promise<void> => {
  await unlink(path).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error
  })
}
