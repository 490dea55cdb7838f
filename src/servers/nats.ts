/**
 * A private NATS server with the project's configuration: fsync before every acknowledgement.
 */
import { existsSync, renameSync } from "node:fs"
import { availableParallelism } from "node:os"
import { join } from "node:path"
import { libraryEnvironment, projectRoot, type StartOptions } from "./binaries.ts"
import { configurationPath, HUB_ACCOUNT, type NatsAccounts } from "./nats-accounts.ts"
import { greeting } from "./ports.ts"
import { type RunningServer, ServerFailed, startServer } from "./server-process.ts"

/** The account of whoever says no name, where nobody is asked for one. */
const OPEN_ACCOUNT = "$G"

/** `accounts`: only these are let in; absent: everybody who is on this machine. */
export const startNats = async (
  options: StartOptions & { readonly accounts?: NatsAccounts }
): Promise<RunningServer> => {
  const { accounts, directory, port } = options
  const program = options.binaries.nats
  const isAsked = accounts !== undefined
  const isOther = accounts?.configure(directory) === true
  const configuration = isAsked ? configurationPath(directory) : join(projectRoot(), "nats-server.conf")
  const server = await startServer({
    name: "nats-server",
    program,
    args: ["-c", configuration, "-a", "127.0.0.1", "-p", String(port), ...(isAsked ? [] : ["-js", "-sd", directory])],
    directory,
    port,
    precedence: options.precedence,
    hold: options.hold,
    url: accounts?.hubUrl(port) ?? `nats://127.0.0.1:${port}`,
    stopSignal: "SIGTERM",
    environment: { ...libraryEnvironment(options.binaries.tools, program), ...scheduling() },
    isReady: async () => (await greeting(port))?.startsWith("INFO ") === true,
    isWanted: async () => {
      const said = await greeting(port)
      return said?.startsWith("INFO ") !== true || /"auth_required":true/.test(said) === isAsked
    },
    beforeStart: () => moveStreams(directory, isAsked)
  })
  // One that was left behind has read the file as it was then.
  if (isOther && server.adopted) process.kill(server.pid, "SIGHUP")
  return server
}

/** On no more cores than this the server runs its code on one at a time. */
const CORES_FEW = 2

/**
 * With a hub beside it on two cores, a server that spreads over both wakes threads only to have them wait: on one it took a
 * sixth to a quarter less processor time for the same appends, and a replay of the journal was not slower.
 */
const scheduling = (): Readonly<Record<string, string>> =>
  availableParallelism() > CORES_FEW ? {} : { GOMAXPROCS: "1" }

/** The streams lie in a folder of their account: they go with the hub when it begins, or ceases, to ask who comes. */
const moveStreams = (directory: string, isAsked: boolean): void => {
  const folder = (account: string): string => join(directory, "jetstream", account)
  const [to, from] = isAsked ? [HUB_ACCOUNT, OPEN_ACCOUNT] : [OPEN_ACCOUNT, HUB_ACCOUNT]
  if (!existsSync(folder(from))) return
  if (existsSync(folder(to))) {
    throw new ServerFailed(
      `there are streams in ${folder(from)} and in ${folder(to)}; move away those that are not the hub's`
    )
  }
  renameSync(folder(from), folder(to))
}
