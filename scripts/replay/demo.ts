/**
 * `npm start -- --demo`: plays the extract that comes with the project at a speed that can be watched.
 */
import { join } from "node:path"
import { projectRoot } from "../../src/servers/servers.ts"
import { readRunFile } from "../run-file.ts"
import { replay } from "./replay.ts"
import { reportText } from "./report.ts"

/** A morning of the shop in about two minutes. */
const DEMO_SPEED = 200

export const playDemo = async (url: string): Promise<void> => {
  process.stderr.write(`holdfast: the demonstration plays; watch it at ${url}\n`)
  const report = await replay(readRunFile(), {
    file: join(projectRoot(), "data", "online-retail-extract.csv.gz"),
    as: "facts",
    speed: DEMO_SPEED,
    limit: Infinity,
    opening: undefined,
    signal: new AbortController().signal,
    onProgress: () => undefined
  })
  process.stderr.write(`holdfast: the demonstration has ended\n${reportText(report)}\n`)
}
