/**
 * Goal: the house's style holds for every file. Style is a test, so nobody has to remember it.
 * Method: each rule is first shown a file that breaks it, then all files of the project.
 */
import assert from "node:assert/strict"
import { describe, it } from "vitest"
import { everySource, rootTexts, sourceOf } from "./support/source.ts"
import {
  fileLength,
  forbiddenCalls,
  functionLength,
  importDirection,
  noTestLeftOut,
  noUnusedFile,
  oneSocketLibrary,
  parses,
  pureTests,
  type Rule
} from "./support/tidy.ts"

const files = everySource()

const check = (rule: Rule, broken: ReadonlyArray<readonly [path: string, text: string]>, findings: number): void => {
  const found = rule(broken.map(([path, text]) => sourceOf(path, text)))
  assert.equal(found.length, findings, `the rule itself: ${found.join("; ")}`)
  assert.deepEqual(rule(files), [])
}

describe("the source", () => {
  it("is all here", () => {
    for (const path of ["actors/stock/decide.ts", "streams/journal.ts", "config/limits.ts", "test/tidy.test.ts"]) {
      assert.ok(
        files.some((file) => file.path === path),
        path
      )
    }
  })

  it("can be parsed", () => {
    check(parses, [["src/a.ts", "const = 1"]], 1)
  })

  it("imports one way: deciders, then streams, then what runs them", () => {
    const broken = [
      [
        "actors/a.ts",
        `import { x } from "../streams/a.ts"\nimport { Effect } from "effect"\nimport type { Y } from "./y.ts"`
      ],
      [
        "streams/a.ts",
        `import { x } from "../src/a.ts"\nexport * from "../actors/a.ts"\nimport { z } from "../config/z.ts"`
      ],
      ["src/a.ts", `const x = await import("../scripts/a.ts")\nimport "../test/a.ts"`]
    ] as const
    check(importDirection, broken, 5)
  })

  it("has no file of more than 400 lines", () => {
    check(
      fileLength,
      [
        ["src/long.ts", "x()\n".repeat(401)],
        ["src/fits.ts", "x()\n".repeat(400)]
      ],
      1
    )
  })

  it("has no function of more than 70 lines", () => {
    const body = (lines: number) => `{\n${"x()\n".repeat(lines - 2)}}`
    const broken = [
      ["src/a.ts", `const long = () => ${body(71)}`],
      ["src/b.ts", `class B { long() ${body(71)} }\nfunction fits() ${body(70)}`],
      ["src/c.ts", `describe("many tests", () => ${body(90)})`]
    ] as const
    check(functionLength, broken, 2)
  })

  it("takes time, chance and waiting from outside in deciders and streams, and bounds its queues", () => {
    const bad = "Date.now()\nMath.random()\nnew Date()\nconsole.log(1)\nsetTimeout(f, 1)\nQueue.unbounded()\n"
    const fine = "// Date.now()\nnew Date(at)\nconst text = 'setTimeout(f)'\n"
    check(
      forbiddenCalls,
      [
        ["streams/a.ts", bad + fine],
        ["src/a.ts", bad]
      ],
      6
    )
  })

  it("imports the socket library in one file", () => {
    const text = `import uWS from "uWebSockets.js"`
    check(
      oneSocketLibrary,
      [
        ["src/a.ts", text],
        ["src/b.ts", text]
      ],
      1
    )
  })

  it("has tests in a shared process only where they start nothing and leave it as it was", () => {
    const text = `import { startHub } from "../support/hub.ts"\nprocess.chdir("/")\nvi.useFakeTimers()`
    check(
      pureTests,
      [
        ["test/actors/cart/a.test.ts", text],
        ["test/gateway/a.test.ts", text]
      ],
      3
    )
  })

  it("leaves no test out", () => {
    check(
      noTestLeftOut,
      [["test/a.test.ts", `it.only("a", f)\ndescribe.skip("b", f)\nit("c", f)\nit.skip.each([])("d", f)`]],
      3
    )
  })

  it("has no file that nobody uses", () => {
    const broken = [
      ["src/main.ts", `import "./used.ts"\nnew Worker(new URL("./worker.js", import.meta.url))`],
      ["src/used.ts", ""],
      ["src/worker.ts", ""],
      ["src/forgotten.ts", `import "./forgotten.ts"`]
    ] as const
    check(noUnusedFile(rootTexts()), broken, 1)
  })
})
