/**
 * Where the hub keeps what it makes. As root, PostgreSQL runs as another user, who must be able to reach its files: a
 * home below a closed directory (such as /root) keeps them in /var/lib/holdfast instead.
 */
import { createHash } from "node:crypto"
import { statSync } from "node:fs"
import { dirname, join, resolve } from "node:path"

/** Whether everybody may pass through every directory above `path`. */
export const isReachable = (path) => {
  for (let directory = resolve(path); ; directory = dirname(directory)) {
    try {
      if ((statSync(directory).mode & 0o001) === 0) return false
    } catch {
      // Not made yet: it will be made to fit.
    }
    if (directory === dirname(directory)) return true
  }
}

/** The home itself, or as root its stand-in that other users can reach. */
export const reachableHome = (home) => {
  if (process.getuid?.() !== 0 || isReachable(home)) return resolve(home)
  const name = createHash("sha256").update(resolve(home)).digest("hex").slice(0, 12)
  return join("/var/lib/holdfast", name)
}

export const toolsDirectory = (home) => join(reachableHome(home), "tools")
