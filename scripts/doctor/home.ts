/**
 * The hub's home: its lock, `run.json`, port, keys and files of settings.
 */
import { existsSync, readFileSync, statSync } from "node:fs"
import { join } from "node:path"
import { lockPath, runningHub } from "../../src/home.ts"
import { MASTER_KEY_FILE } from "../../src/personal-data/master-key.ts"
import { answers } from "../../src/servers/ports.ts"
import { doubtful, type Finding, well, wrong } from "./finding.ts"

const OTHERS = 0o077

export interface Home {
  readonly home: string
  readonly port: number
  /** Files that may hold secrets: of settings, where they are. */
  readonly files: ReadonlyArray<string>
}

export const home = async (of: Home): Promise<ReadonlyArray<Finding>> => [
  ...(await running(of)),
  ...[join(of.home, MASTER_KEY_FILE), join(of.home, "run.json"), ...of.files].flatMap(readable)
]

const running = async ({ home: path, port }: Home): Promise<ReadonlyArray<Finding>> => {
  const pid = runningHub(path)
  const isTaken = port !== 0 && (await answers(port))
  if (pid !== undefined) return [well("hub", `process ${pid} runs in ${path}`)]
  const stale = [lockPath(path), join(path, "run.json")].filter((file) => existsSync(file))
  return [
    ...(isTaken
      ? [
          wrong(
            "port",
            `Port ${port} is taken, and not by the hub of ${path}.`,
            "Stop what uses it (ss -ltnp), or set PORT to another."
          )
        ]
      : [well("port", `${port} is free`)]),
    ...stale.map((file) =>
      doubtful("hub", `${file} is of a hub that runs no more.`, "Start the hub: it takes the home over; it was killed.")
    )
  ]
}

export const isOpenToOthers = (path: string): boolean => (statSync(path).mode & OTHERS) !== 0

/** Told by name, never by content. */
const readable = (path: string): ReadonlyArray<Finding> => {
  if (!existsSync(path)) return []
  if (!isOpenToOthers(path)) return [well("files", `${path} is readable by its owner alone`)]
  const isKey = path.endsWith(MASTER_KEY_FILE)
  if (!isKey && !mayHoldSecrets(path)) return []
  return [wrong("files", `${path} can be read by others.`, `Run chmod 600 ${path}, and think of who may have read it.`)]
}

/** One that takes its secrets from the environment may be read by everybody. */
const mayHoldSecrets = (path: string): boolean =>
  /"(?:[a-zA-Z]*(?:token|secret|password|key|auth)[a-zA-Z]*)"\s*:\s*"|:\/\/[^/"@\s]+:[^/"@\s]+@/i.test(
    readFileSync(path, "utf8")
  )
