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

/** The median of twenty appends of a commit's size, each fsynced. */
export const fsyncMs = (directory: string): number => {
  const folder = mkdtempSync(join(directory, ".doctor-"))
  try {
    const file = openSync(join(folder, "fsync"), "w")
    const block = Buffer.alloc(4_096, 1)
    const times = Array.from({ length: FSYNCS }, () => {
      const startedMs = performance.now()
      writeSync(file, block)
      fsyncSync(file)
      return performance.now() - startedMs
    })
    closeSync(file)
    return times.toSorted((one, other) => one - other)[FSYNCS / 2] ?? 0
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

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
export const machine = (directory: string): ReadonlyArray<Finding> => {
  const { bavail, bsize } = statfsSync(directory)
  return [
    node(process.versions.node),
    ...openFiles(limitsOfThis()),
    memory(totalmem(), getHeapStatistics().heap_size_limit),
    diskSpace(directory, bavail * bsize),
    disk(directory, fsyncMs(directory))
  ]
}
