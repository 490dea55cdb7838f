/**
 * The folder of an ERP bridge: which files in it are for the bridge, and where things go. Names only; nothing is read.
 *
 *     <folder>/<file>                 dropped by the ERP
 *     <folder>/<file>.progress        how far it is done
 *     <folder>/<file>.done            the ERP's mark that it is whole, where the setting asks for one
 *     <folder>/processed/<file>       done
 *     <folder>/processed/.contents/   one small file for each content that was done, named by its hash
 *     <folder>/rejected/<file>.csv    rows that were rejected
 */
import { access, mkdir, readdir, rename } from "node:fs/promises"
import { join } from "node:path"
import { readProgress, removeIfThere, syncFolder, writeDurably } from "./progress.ts"

/** Names that senders give to what they are still writing, and the bridge's own. */
const NOT_A_DROP = /^\.|\.(progress|done|tmp|part|filepart|crdownload)$/i
/** Of one name in `processed/`; more of them are a mistake that somebody should look at. */
const SAME_NAME_MAX = 10_000

export interface DoneContent {
  readonly file: string
  readonly rows: number
  readonly facts: number
  readonly rejected: number
}

export class ErpFolder {
  readonly path: string
  private readonly wanted: RegExp

  /** `files`: a name with `*` for anything. */
  constructor(path: string, files: string) {
    this.path = path
    const parts = files.split("*").map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&"))
    this.wanted = new RegExp(`^${parts.join(".*")}$`, "s")
  }

  async prepare(): Promise<void> {
    await mkdir(join(this.path, "processed", ".contents"), { recursive: true })
    await mkdir(join(this.path, "rejected"), { recursive: true })
  }

  /** In the order of their names, which is how ERPs number them. */
  async drops(): Promise<ReadonlyArray<string>> {
    const entries = await readdir(this.path, { withFileTypes: true })
    const files = entries.filter((entry) => entry.isFile()).map(({ name }) => name)
    await this.clear(files)
    return files.filter((name) => !NOT_A_DROP.test(name) && this.wanted.test(name)).sort()
  }

  /** Progress whose file is gone: it was done, and a kill came before the last step. */
  private async clear(files: ReadonlyArray<string>): Promise<void> {
    const there = new Set(files)
    for (const name of files) {
      const isLeft = name.endsWith(".progress") && !there.has(name.slice(0, -".progress".length))
      if (isLeft && (await readProgress(join(this.path, name))) !== undefined) {
        await removeIfThere(join(this.path, name))
      }
    }
  }

  file(name: string): string {
    return join(this.path, name)
  }

  progress(name: string): string {
    return join(this.path, `${name}.progress`)
  }

  report(name: string): string {
    return join(this.path, "rejected", name)
  }

  hasMark(name: string): Promise<boolean> {
    return exists(join(this.path, `${name}.done`))
  }

  /** A report's name that no other file's report has. */
  async newReport(name: string, sha256: string): Promise<string> {
    const plain = `${name}.csv`
    return (await exists(this.report(plain))) ? `${name}.${sha256.slice(0, 16)}.csv` : plain
  }

  isDone(sha256: string): Promise<boolean> {
    return exists(this.content(sha256))
  }

  async markDone(sha256: string, done: DoneContent): Promise<void> {
    await writeDurably(this.content(sha256), done)
  }

  /** Moves the file away and removes what belongs to it; answers its name in `processed/`. */
  async putAway(name: string): Promise<string> {
    const processed = join(this.path, "processed")
    let kept = name
    for (let count = 1; await exists(join(processed, kept)); count++) {
      if (count > SAME_NAME_MAX) throw new Error(`There are ${SAME_NAME_MAX} files named ${name} in processed/.`)
      kept = `${name}.${count}`
    }
    await rename(this.file(name), join(processed, kept))
    await syncFolder(processed)
    await removeIfThere(join(this.path, `${name}.done`))
    await removeIfThere(this.progress(name))
    return kept
  }

  private content(sha256: string): string {
    return join(this.path, "processed", ".contents", `${sha256}.json`)
  }
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false
  )
