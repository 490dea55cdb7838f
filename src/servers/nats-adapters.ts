/**
 * Adapters of the private NATS server, added and taken away while it runs.
 */
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { connect } from "@nats-io/transport-node"
import { ADAPTERS_MAX } from "../../config/access.ts"
import { LINES_REQUEST_SUBJECT } from "../../streams/subjects.ts"
import { newSecret } from "../access/secrets.ts"
import { type Adapter, HUB_USER, hashPassword, type NatsAccounts } from "./nats-accounts.ts"
import { leftBehind } from "./process-note.ts"

export type AdapterOutcome =
  /** `url` has the password, which is told this once. */
  | { readonly outcome: "added"; readonly url: string }
  | { readonly outcome: "removed" }
  | { readonly outcome: "taken" | "too-many" | "unknown" }
  /** It is written down, and the server does not go by it yet: it does when it is started next. */
  | { readonly outcome: "unheard" }

/**
 * Of an account that is new the server knows the way into the hub's only when it has read its file a second time (seen with
 * 2.15; nats-server issue 8560 tells of the like), so it is told until the hub answers.
 */
const RELOADS_MAX = 20
const RELOAD_PAUSE_MS = 100
const ANSWER_MS_MAX = 2_000

export class NatsAdapters {
  private readonly accounts: NatsAccounts
  private readonly directory: string

  constructor(accounts: NatsAccounts, home: string) {
    this.accounts = accounts
    this.directory = join(home, "nats")
  }

  list(): ReadonlyArray<Adapter> {
    return this.accounts.adapters
  }

  async add(channel: string, addedAt: string): Promise<AdapterOutcome> {
    const { adapters } = this.accounts
    if (channel === HUB_USER || adapters.some((one) => one.channel === channel)) return { outcome: "taken" }
    if (adapters.length >= ADAPTERS_MAX) return { outcome: "too-many" }
    const password = newSecret()
    this.accounts.keep([...adapters, { channel, passwordHash: hashPassword(password), addedAt }])
    for (let reloads = 0; reloads < RELOADS_MAX; reloads++) {
      const port = this.reload()
      if (port === undefined) break
      await sleep(RELOAD_PAUSE_MS)
      const server = `127.0.0.1:${port}`
      if (await isAnswered(server, channel, password)) {
        return { outcome: "added", url: `nats://${channel}:${password}@${server}` }
      }
    }
    return { outcome: "unheard" }
  }

  /** Its connections are closed. */
  remove(channel: string): AdapterOutcome {
    const { adapters } = this.accounts
    const others = adapters.filter((one) => one.channel !== channel)
    if (others.length === adapters.length) return { outcome: "unknown" }
    this.accounts.keep(others)
    return { outcome: this.reload() === undefined ? "unheard" : "removed" }
  }

  /** The port of the server that is told; `undefined`: none runs now. */
  private reload(): number | undefined {
    this.accounts.configure(this.directory)
    const running = leftBehind(this.directory)
    if (running !== undefined) process.kill(running.pid, "SIGHUP")
    return running?.port
  }
}

/** Whether the hub answers a request of this user's; what it says does not matter. */
const isAnswered = async (servers: string, user: string, pass: string): Promise<boolean> => {
  try {
    const connection = await connect({ servers, user, pass, reconnect: false, timeout: ANSWER_MS_MAX })
    try {
      await connection.request(LINES_REQUEST_SUBJECT, "{}", { timeout: ANSWER_MS_MAX })
      return true
    } finally {
      await connection.close()
    }
  } catch {
    return false
  }
}
