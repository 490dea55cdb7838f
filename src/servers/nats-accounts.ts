/**
 * Who may come to the private NATS server once whoever calls must be known: the hub by a password of its own, and adapters,
 * each in an account of its channel.
 *
 * N1 From an adapter's account nothing leads to the hub's but the subjects of stock's facts and requests, and what goes that
 * way carries its channel before the subject. N2 Answers and acknowledgements come back into the account that asked, whatever
 * reply subject it named. Permissions within one account would not do: nobody checks a reply subject, so who may publish
 * facts could have the server write its acknowledgement into the journal. N3 Of an adapter's password only a hash is kept; it
 * is of 256 random bits, so a quick hash is as safe as a slow one. The hub's own is in a file that only its user can read.
 */
import { existsSync, mkdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { hashSync } from "bcryptjs"
import { ADAPTER_CONNECTIONS_MAX, ADAPTER_MESSAGE_BYTES_MAX, ADAPTER_SUBSCRIPTIONS_MAX } from "../../config/access.ts"
import { ADAPTER_SUBJECTS, subjectOfChannel } from "../../streams/subjects.ts"
import { newSecret } from "../access/secrets.ts"
import { writeDurably } from "../durable-file.ts"
import { projectRoot } from "./binaries.ts"
import { ServerFailed } from "./server-process.ts"

export interface Adapter {
  /** Its user's name, too. */
  readonly channel: string
  readonly passwordHash: string
  /** ISO 8601. */
  readonly addedAt: string
}

interface Kept {
  readonly hubPassword: string
  readonly hubPasswordHash: string
  readonly adapters: ReadonlyArray<Adapter>
}

/** The account that the streams are in, and its user; no channel can have this name. */
export const HUB_ACCOUNT = "HUB"
export const HUB_USER = "hub"

/** The least that bcrypt takes: see N3. */
const HASH_ROUNDS = 4

export const hashPassword = (password: string): string => hashSync(password, HASH_ROUNDS)

export class NatsAccounts {
  private readonly path: string
  private kept: Kept

  /** Reads what the home has of it, or makes the hub's password. */
  constructor(home: string) {
    mkdirSync(home, { recursive: true })
    this.path = join(home, "nats-accounts.json")
    if (existsSync(this.path)) {
      this.kept = JSON.parse(readFileSync(this.path, "utf8")) as Kept
      return
    }
    const hubPassword = newSecret()
    this.kept = { hubPassword, hubPasswordHash: hashPassword(hubPassword), adapters: [] }
    this.keep([])
  }

  get adapters(): ReadonlyArray<Adapter> {
    return this.kept.adapters
  }

  keep(adapters: ReadonlyArray<Adapter>): void {
    this.kept = { ...this.kept, adapters }
    writeDurably(this.path, JSON.stringify(this.kept))
  }

  hubUrl(port: number): string {
    return `nats://${HUB_USER}:${this.kept.hubPassword}@127.0.0.1:${port}`
  }

  /** Writes what the server reads, at its start and whenever it is told to; answers whether it was another. */
  configure(directory: string): boolean {
    const path = configurationPath(directory)
    mkdirSync(directory, { recursive: true })
    const accounts = {
      [HUB_ACCOUNT]: {
        jetstream: "enabled",
        users: [{ user: HUB_USER, password: this.kept.hubPasswordHash }],
        exports: ADAPTER_SUBJECTS.map((subject) => ({ service: subjectOfChannel("*", subject) }))
      },
      ...Object.fromEntries(this.adapters.map((adapter) => [`channel-${adapter.channel}`, accountOf(adapter)]))
    }
    const text = `${common(directory)}\naccounts: ${JSON.stringify(accounts, null, 2)}\n`
    if (existsSync(path) && readFileSync(path, "utf8") === text) return false
    writeDurably(path, text)
    return true
  }
}

/** In the server's own folder: by this argument its process is recognised. */
export const configurationPath = (directory: string): string => join(directory, "access.conf")

const accountOf = ({ channel, passwordHash }: Adapter) => ({
  users: [{ user: channel, password: passwordHash }],
  limits: {
    max_connections: ADAPTER_CONNECTIONS_MAX,
    max_subscriptions: ADAPTER_SUBSCRIPTIONS_MAX,
    max_payload: ADAPTER_MESSAGE_BYTES_MAX
  },
  imports: ADAPTER_SUBJECTS.map((subject) => ({
    service: { account: HUB_ACCOUNT, subject: subjectOfChannel(channel, subject) },
    to: subject
  }))
})

/** Its data's folder stands in the file: on the command line it would be forgotten when the server reads the file again. */
const common = (directory: string): string => {
  const text = readFileSync(join(projectRoot(), "nats-server.conf"), "utf8")
  const placed = text.replace(/^jetstream \{/m, (found) => `${found}\n  store_dir: ${JSON.stringify(directory)}`)
  if (placed === text)
    throw new ServerFailed("nats-server.conf has no line jetstream {, which its data's folder goes into.")
  return placed
}
