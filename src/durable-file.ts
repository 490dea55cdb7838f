/**
 * A small file that is there whole or as it was before, whatever ends in the middle.
 */
import { closeSync, fsyncSync, openSync, renameSync, writeFileSync } from "node:fs"
import { dirname } from "node:path"

/** Readable by its owner alone; on the disk when it returns. */
export const writeDurably = (path: string, content: string): void => {
  const unfinished = `${path}.new`
  const file = openSync(unfinished, "w", 0o600)
  try {
    writeFileSync(file, content)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
  renameSync(unfinished, path)
  const folder = openSync(dirname(path), "r")
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}
