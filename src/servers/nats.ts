/**
 * A private NATS server with the project's configuration: fsync before every acknowledgement.
 */
import { join } from "node:path"
import { libraryEnvironment, projectRoot, type StartOptions } from "./binaries.ts"
import { greets } from "./ports.ts"
import { type RunningServer, startServer } from "./server-process.ts"

export const startNats = (options: StartOptions): Promise<RunningServer> => {
  const { directory, port } = options
  const program = options.binaries.nats
  const configuration = join(projectRoot(), "nats-server.conf")
  return startServer({
    name: "nats-server",
    program,
    args: ["-c", configuration, "-a", "127.0.0.1", "-p", String(port), "-js", "-sd", directory],
    directory,
    port,
    hold: options.hold,
    url: `nats://127.0.0.1:${port}`,
    stopSignal: "SIGTERM",
    environment: libraryEnvironment(options.binaries.tools, program),
    isReady: () => greets(port, "INFO ")
  })
}
