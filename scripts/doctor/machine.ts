/**
 * The machine that the hub runs on: its Node, limits, memory and disk.
 */
import { closeSync, fsyncSync, mkdtempSync, openSync, readFileSync, rmSync, statfsSync, writeSync } from "node:fs"
import { totalmem } from "node:os"
import { join } from "node:path"
import { getHeapStatistics } from "node:v8"
import { doubtful, type Finding, isAtLeast, well, wrong } from "./finding.ts"

const NODE_MIN = [20, 19]
/** 10,000 sockets, and some hundred connections and files of the hub itself. */
const FILES_MIN = 10_500
const GIB = 1024 ** 3
const MEMORY_BYTES_MIN = GIB
const DISK_BYTES_MIN = GIB
const DISK_BYTES_LOW = 5 * GIB
/** A commit waits for one: with more a turn holds hundreds of commands, and each waits so long. */
const FSYNC_MS_SLOW = 10
const FSYNCS = 20
/** A usual one. */
export const COMMIT_BYTES = 4_096

export const node = (version: string): Finding =>
  isAtLeast(version, NODE_MIN)
    ? well("Node", `${version}`)
    : wrong("Node", `${version} is too old.`, `Install Node ${NODE_MIN.join(".")} or newer.`)

/** `limits`: as `/proc/self/limits` has it; "" where there is none. */
export const openFiles = (limits: string): ReadonlyArray<Finding> => {
  const [, soft = ""] = /^Max open files\s+(\S+)/m.exec(limits) ?? []
  if (soft === "") return []
  if (soft === "unlimited" || Number(soft) >= FILES_MIN) return [well("open files", `${soft} may be open at once`)]
  return [
    doubtful(
      "open files",
      `Only ${soft} files may be open at once, and every socket is one.`,
      `Raise the limit: ulimit -n 65536, or LimitNOFILE=65536 in the unit.`
    )
  ]
}

/** `heapBytesMax`: what Node may take of it. */
export const memory = (totalBytes: number, heapBytesMax: number): Finding => {
  const gib = (bytes: number) => `${(bytes / GIB).toFixed(1)} GiB`
  if (totalBytes < MEMORY_BYTES_MIN) {
    return wrong("memory", `The machine has ${gib(totalBytes)} in all.`, "Give it 1 GiB at least, with the servers 2.")
  }
  return heapBytesMax > totalBytes
    ? doubtful(
        "memory",
        `Node may grow to ${gib(heapBytesMax)}, and the machine has ${gib(totalBytes)}.`,
        "Start it with --max-old-space-size of half the memory, in MiB (NODE_OPTIONS)."
      )
    : well("memory", `${gib(totalBytes)}, of which Node takes ${gib(heapBytesMax)} at most`)
}

export const diskSpace = (directory: string, freeBytes: number): Finding => {
  const text = `${(freeBytes / GIB).toFixed(1)} GiB are free where ${directory} is`
  if (freeBytes < DISK_BYTES_MIN) return wrong("disk", `Only ${text}.`, "Free some: a full disk stops every commit.")
  return freeBytes < DISK_BYTES_LOW
    ? doubtful("disk", `Only ${text}.`, "Free some before it is full: that stops every commit.")
    : well("disk", text)
}

/** A file of its own in `directory`, gone afterwards. `fsync` appends as much as a commit has and says how long it took, in ms. */
export const withFsync = async <A>(directory: string, use: (fsync: () => number) => Promise<A>): Promise<A> => {
  const folder = mkdtempSync(join(directory, ".doctor-"))
  try {
    const file = openSync(join(folder, "fsync"), "w")
    const block = Buffer.alloc(COMMIT_BYTES, 1)
    try {
      return await use(() => {
        const startedMs = performance.now()
        writeSync(file, block)
        fsyncSync(file)
        return performance.now() - startedMs
      })
    } finally {
      closeSync(file)
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** 0 of none. */
export const median = (values: ReadonlyArray<number>): number =>
  values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? 0

export const disk = (directory: string, ms: number): Finding =>
  ms > FSYNC_MS_SLOW
    ? doubtful(
        "disk",
        `An fsync in ${directory} takes ${ms.toFixed(1)} ms, and every commit waits for one.`,
        "Put NATS's store directory on a faster disk (a local SSD takes well below a millisecond)."
      )
    : well("disk", `an fsync in ${directory} takes ${ms.toFixed(2)} ms`)

const limitsOfThis = (): string => {
  try {
    return readFileSync("/proc/self/limits", "utf8")
  } catch {
    return ""
  }
}

/** `directory`: where the hub keeps its things; it exists. */
export const machine = async (directory: string): Promise<ReadonlyArray<Finding>> => {
  const { bavail, bsize } = statfsSync(directory)
  const fsyncMs = await withFsync(directory, async (fsync) => median(Array.from({ length: FSYNCS }, fsync)))
  return [
    node(process.versions.node),
    ...openFiles(limitsOfThis()),
    memory(totalmem(), getHeapStatistics().heap_size_limit),
    diskSpace(directory, bavail * bsize),
    disk(directory, fsyncMs)
  ]
}
