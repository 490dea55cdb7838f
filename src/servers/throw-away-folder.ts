/**
 * A folder for programs that are started for a while: they end with this process and the folder is removed, however the
 * process ends, by kill -9 as well.
 *
 * A shell in a session of its own waits at the end of a pipe that nobody but this process holds, and is told what runs.
 * When the pipe is closed it kills what still does.
 */
import { type ChildProcess, spawn } from "node:child_process"
import { chmodSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { binaries, type StartOptions } from "./binaries.ts"
import { freePort } from "./ports.ts"

/** Servers lead process groups of their own, hubs do not; PostgreSQL's sessions end a moment after it and write until then. */
const SHELL = `
running=" "
while read -r act pid; do
  rest=" "
  for one in $running; do [ "$one" = "$pid" ] || rest="$rest$one "; done
  running="$rest"
  [ "$act" = started ] && running="$running$pid "
done
for one in $running; do kill -9 "$one" || kill -9 "-$one"; done
rm -rf "$1" || { sleep 1; rm -rf "$1"; }`

export class ThrowAwayFolder {
  readonly directory = mkdtempSync(join(tmpdir(), "holdfast-"))
  private readonly shell = spawn("sh", ["-c", SHELL, "sh", this.directory], {
    cwd: "/",
    detached: true,
    stdio: ["pipe", "ignore", "ignore"]
  })

  constructor() {
    // As root, PostgreSQL runs as another user, who has to pass through.
    chmodSync(this.directory, 0o755)
    // Without it, what is left behind is left behind; and it keeps nobody from ending.
    for (const one of [this.shell, this.shell.stdin]) one.on("error", () => undefined)
    this.shell.unref()
    ;(this.shell.stdin as unknown as { readonly unref: () => void }).unref()
  }

  /** What a server of this name is started with. */
  async at(name: string): Promise<StartOptions> {
    return {
      binaries: binaries(),
      directory: join(this.directory, name),
      port: await freePort(),
      hold: (child) => this.hold(child)
    }
  }

  /** The process ends with this one. */
  hold(child: ChildProcess): void {
    const { pid } = child
    if (pid === undefined) return
    this.shell.stdin.write(`started ${pid}\n`)
    // Its number may be another process's after that.
    child.once("exit", () => void this.shell.stdin.write(`ended ${pid}\n`))
  }

  /** Once all in it have ended. */
  remove(): void {
    rmSync(this.directory, { recursive: true, force: true })
    this.shell.stdin.end()
  }
}
