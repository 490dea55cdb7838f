/**
 * Goal: a process whose slices are shortened has short ones in all its threads, also in those that it starts later, and nothing else of
 * it changes; one that shortens its own, as the hub does, has them in its first thread alone.
 * Method: a Node process with a priority of its own that starts a thread when it is told to, and a hub with its servers; what the kernel
 * says of their threads.
 */
import assert from "node:assert/strict"
import { spawn } from "node:child_process"
import { readFileSync } from "node:fs"
import { getPriority, setPriority } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, it } from "vitest"
import { setSlices, SHORT_SLICE_NS, USUAL_SLICE_NS } from "../src/scheduling.ts"
import { eventually, startHub } from "./support/hub.ts"
import { KNOWS_SLICES, slicesOf } from "./support/slices.ts"

const PROGRAM = `
  const { Worker } = require("node:worker_threads")
  process.stdin.on("data", () => new Worker("setInterval(() => {}, 1000)", { eval: true }))
  console.log("ready")`

const started = async () => {
  const child = spawn(process.execPath, ["-e", PROGRAM], { stdio: ["pipe", "pipe", "inherit"] })
  await new Promise((resolve) => child.stdout.once("data", resolve))
  const { pid } = child
  assert.ok(pid !== undefined)
  return { child, pid }
}

describe("slices", () => {
  let running: Awaited<ReturnType<typeof started>>
  beforeEach(async () => {
    running = await started()
  })
  afterEach(() => running.child.kill("SIGKILL"))

  it.skipIf(!KNOWS_SLICES)(
    "of a process are short in all its threads, also in those that it starts later",
    async () => {
      const { child, pid } = running
      const [usual] = slicesOf(pid)
      assert.notEqual(usual, SHORT_SLICE_NS)
      await setSlices(pid, SHORT_SLICE_NS)
      const shortened = slicesOf(pid)
      assert.deepEqual(new Set(shortened), new Set([SHORT_SLICE_NS]))
      child.stdin.write("a thread\n")
      const threads = await eventually(
        async () => slicesOf(pid),
        (slices) => slices.length > shortened.length,
        5_000
      )
      assert.deepEqual(new Set(threads), new Set([SHORT_SLICE_NS]))
      await setSlices(pid, USUAL_SLICE_NS)
      assert.deepEqual(new Set(slicesOf(pid)), new Set([usual]))
    }
  )

  it("leave the priority as it is", async () => {
    const { pid } = running
    setPriority(pid, 7)
    await setSlices(pid, SHORT_SLICE_NS)
    assert.equal(getPriority(pid), 7)
  })

  it("of a process that has ended are nobody's", async () => {
    const { child, pid } = running
    const exit = new Promise((resolve) => child.once("exit", resolve))
    child.kill("SIGKILL")
    await exit
    await setSlices(pid, SHORT_SLICE_NS)
  })
})

describe("a hub", () => {
  it.skipIf(!KNOWS_SLICES)("has short slices in the thread that decides, and in no other", async () => {
    const hub = await startHub()
    try {
      const { pid } = JSON.parse(readFileSync(join(hub.home, "run.json"), "utf8")) as { pid: number }
      const [deciding, ...others] = await eventually(
        async () => slicesOf(pid),
        ([first]) => first === SHORT_SLICE_NS,
        5_000
      )
      assert.equal(deciding, SHORT_SLICE_NS)
      assert.ok(others.length > 0)
      assert.ok(!others.includes(SHORT_SLICE_NS), `${others}`)
    } finally {
      await hub.stop()
    }
  })
})
