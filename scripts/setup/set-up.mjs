/**
 * Everything that must be there before the project's own code can run: dependencies, the build, the servers' programs.
 * What it found goes into the environment, where the compiled code reads it.
 */
import { ensureBinaries, programs } from "./binaries.mjs"
import { ensureHome, homeDirectory, keepReachable, reachableHome } from "./home.mjs"
import { ensureBuild, ensureDependencies } from "./project.mjs"
import { say, SetupFailed } from "./say.mjs"

/** The servers that no URL in the environment names. */
export const unnamedServers = () => programs.filter(({ url }) => process.env[url] === undefined).map(({ key }) => key)

/** `servers` are those that will be started, by key: `nats`, `redis`, `postgres`. */
export const setUp = async (servers) => {
  const home = homeDirectory()
  keepReachable()
  ensureHome(home)
  await ensureDependencies()
  await ensureBuild()
  process.env["HOLDFAST_BINARIES"] = JSON.stringify(await ensureBinaries(home, servers))
  process.env["HOLDFAST_REACHABLE_HOME"] = reachableHome(home)
}

/** One sentence for what was foreseen, all there is for what was not. */
export const sayFailure = (error) => say(error instanceof SetupFailed ? error.message : String(error?.stack ?? error))
