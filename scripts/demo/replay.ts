/**
 * The demonstration's tills: the extract that comes with the project, at a speed that can be watched.
 */
import { join } from "node:path"
import { projectRoot } from "../../src/servers/servers.ts"
import { readRunFile } from "../run-file.ts"
import { wholeFile } from "../replay/plan.ts"
import { replay } from "../replay/replay.ts"
import { reportText } from "../replay/report.ts"

/** Seven hours of the shop in about two minutes. */
const DEMO_SPEED = 200

/** Plays once, from the first line to the last; settles when it has ended. A hub that stops meanwhile ends it too. */
export const playDemo = async (url: string): Promise<void> => {
  process.stderr.write(`holdfast: the demonstration plays; watch it at ${url}\n`)
  const report = await replay(readRunFile(), {
    file: join(projectRoot(), "data", "online-retail-extract.csv.gz"),
    as: "facts",
    via: "nats",
    speed: DEMO_SPEED,
    limit: Infinity,
    window: wholeFile,
    opening: "computed",
    signal: new AbortController().signal,
    onRejected: () => undefined,
    onProgress: () => undefined
  })
  process.stderr.write(`holdfast: the demonstration has ended\n${reportText(report)}\n`)
}
