/**
 * The four processes that are killed: each real, each started again on its own data and port.
 */
import { type ChildProcess, spawn } from "node:child_process"
import { join } from "node:path"
import {
  freePort,
  projectRoot,
  type RunningServer,
  startNats,
  startPostgres,
  startRedis,
  ThrowAwayFolder
} from "../../src/servers/servers.ts"

export type VictimName = "hub" | "nats" | "redis" | "postgres"
export const VICTIMS: ReadonlyArray<VictimName> = ["hub", "nats", "redis", "postgres"]

const starters = { nats: startNats, redis: startRedis, postgres: startPostgres } as const

/** A moment for everybody to notice. */
const DOWN_MS = 300

export class Victims {
  readonly hubUrl: string
  private readonly folder: ThrowAwayFolder
  private readonly ports: Readonly<Record<VictimName, number>>
  private readonly servers = new Map<string, RunningServer>()
  private hub: ChildProcess | undefined

  private readonly environment: Readonly<Record<string, string>>

  private constructor(
    folder: ThrowAwayFolder,
    ports: Readonly<Record<VictimName, number>>,
    environment: Readonly<Record<string, string>>
  ) {
    this.folder = folder
    this.environment = environment
    this.ports = ports
    this.hubUrl = `http://127.0.0.1:${ports.hub}`
  }

  /** `environment`: the hub's, which may depend on its address. */
  static async start(environment: (hubUrl: string) => Readonly<Record<string, string>> = () => ({})): Promise<Victims> {
    const [hub, nats, redis, postgres] = await Promise.all([freePort(), freePort(), freePort(), freePort()])
    const given = environment(`http://127.0.0.1:${hub}`)
    const victims = new Victims(new ThrowAwayFolder(), { hub, nats, redis, postgres }, given)
    await Promise.all((["nats", "redis", "postgres"] as const).map((name) => victims.startServer(name)))
    await victims.startHub()
    return victims
  }

  url(name: "nats" | "redis" | "postgres"): string {
    return this.servers.get(name)?.url ?? ""
  }

  /** kill -9, and after a moment the same one again. */
  async crash(name: VictimName): Promise<void> {
    if (name === "hub") {
      await this.endHub("SIGKILL")
      await pause(DOWN_MS)
      return this.startHub()
    }
    const server = this.servers.get(name)
    server?.kill()
    await server?.exited
    await pause(DOWN_MS)
    await this.startServer(name)
  }

  async stop(): Promise<void> {
    await this.endHub("SIGTERM")
    await Promise.all([...this.servers.values()].map((server) => server.stop()))
    this.folder.remove()
  }

  private async startServer(name: "nats" | "redis" | "postgres"): Promise<void> {
    this.servers.set(name, await starters[name]({ ...(await this.folder.at(name)), port: this.ports[name] }))
  }

  private startHub(): Promise<void> {
    return new Promise((resolve, reject) => {
      const child = spawn(process.execPath, [join(projectRoot(), "dist", "src", "main.js")], {
        env: {
          ...process.env,
          PORT: String(this.ports.hub),
          HOLDFAST_HOME: join(this.folder.directory, "home"),
          NATS_URL: this.url("nats"),
          REDIS_URL: this.url("redis"),
          DATABASE_URL: this.url("postgres"),
          ...this.environment
        },
        stdio: ["ignore", "pipe", "pipe"]
      })
      this.hub = child
      this.folder.hold(child)
      let output = ""
      const onOutput = (text: Buffer): void => {
        output = (output + text.toString()).slice(-4_000)
        if (output.includes("ready http")) resolve()
      }
      child.stdout.on("data", onOutput)
      child.stderr.on("data", onOutput)
      child.once("exit", () => reject(new Error(`the hub did not come up:\n${output}`)))
    })
  }

  private async endHub(signal: NodeJS.Signals): Promise<void> {
    const child = this.hub
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const exit = new Promise((resolve) => child.once("exit", resolve))
    child.kill(signal)
    await exit
  }
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
