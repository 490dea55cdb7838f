/**
 * What the project itself needs before it runs: its dependencies, the compiled hub, the built pages. Each is made only
 * when what it is made from has changed.
 */
import { createHash } from "node:crypto"
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { run } from "./run.mjs"
import { SetupFailed, step } from "./say.mjs"

export const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..")

const NODE_MIN = [20, 19]

const checkNode = () => {
  const [major, minor] = process.versions.node.split(".").map(Number)
  if (major > NODE_MIN[0] || (major === NODE_MIN[0] && minor >= NODE_MIN[1])) return
  throw new SetupFailed(`Node ${process.versions.node} is too old; install Node ${NODE_MIN.join(".")} or newer.`)
}

const fingerprintOf = (paths) => {
  const hash = createHash("sha256")
  for (const path of paths)
    hash
      .update(path)
      .update("\0")
      .update(readFileSync(join(root, path)))
      .update("\0")
  return hash.digest("hex")
}

const SOURCE = /\.(ts|tsx|mts|css|html|svg|json|sql)$/

const filesBelow = (folder) =>
  readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && SOURCE.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    .toSorted()

/** Does the work unless the stamp says that it was done with these very inputs. */
const once = async (stamp, fingerprint, isDone, what, work) => {
  const path = join(root, stamp)
  if (isDone() && existsSync(path) && readFileSync(path, "utf8") === fingerprint) return
  await step(what, work)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, fingerprint)
}

export const ensureDependencies = async () => {
  checkNode()
  // A script's change in package.json is no reason to install again.
  const { dependencies, devDependencies, overrides } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"))
  const fingerprint =
    fingerprintOf(["package-lock.json"]) + JSON.stringify({ dependencies, devDependencies, overrides })
  const isDone = () => existsSync(join(root, "node_modules", "effect"))
  await once("node_modules/.holdfast-stamp", fingerprint, isDone, "installing dependencies", () =>
    // Not `npm ci`: it refuses a lock file made where the registry has no packages for other platforms. The versions are
    // the lock file's all the same, and the file is left as it is.
    run("npm", ["install", "--no-save", "--no-audit", "--no-fund", "--loglevel=error"], { cwd: root })
  )
}

const SOURCES = ["actors", "streams", "config", "src", "scripts"]

export const ensureBuild = async () => {
  const tool = (name) => join(root, "node_modules", ".bin", name)
  const all = SOURCES.flatMap(filesBelow)
  const isPage = (path) => path.startsWith(join("src", "web"))
  const shared = ["package-lock.json", "tsconfig.json", "tsconfig.build.json"]
  const hub = fingerprintOf([...shared, ...all.filter((path) => !isPage(path))])
  const isHubBuilt = () => existsSync(join(root, "dist", "src", "main.js"))
  await once("dist/.hub-stamp", hub, isHubBuilt, "compiling the hub", () =>
    run(tool("tsc"), ["-p", "tsconfig.build.json"], { cwd: root })
  )
  const pages = fingerprintOf([...shared, ...all.filter((path) => isPage(path) || path.endsWith("protocol.ts"))])
  const arePagesBuilt = () => existsSync(join(root, "dist", "web", "index.html"))
  await once("dist/.web-stamp", pages, arePagesBuilt, "building the pages", () =>
    run(tool("vite"), ["build", "--config", join("src", "web", "vite.config.ts"), "--logLevel", "warn"], { cwd: root })
  )
}
