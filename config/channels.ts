/**
 * The channels of a hub, read from a file: which adapter, with what settings, how fast, how careful.
 *
 * Secrets need not stand in the file: `{"env": "NAME"}` anywhere in a channel's settings is taken from the environment.
 * Everything that is wrong is said in one sentence that names the channel and the field.
 */
import { fieldReader } from "./fields.ts"

export interface ChannelLimits {
  readonly batchMax?: number
  readonly callsPerSecond?: number
  readonly burst?: number
  readonly concurrencyMax?: number
  readonly windowMs?: number
}

export interface ChannelConfig {
  /** Names the channel in addresses, subjects and facts: `[a-z0-9-]`, at most 32. */
  readonly name: string
  /** A built-in adapter's kind, or the path of a module. */
  readonly adapter: string
  readonly settings: unknown
  /** Watched and reconciled, never told. */
  readonly shadow: boolean
  /** A listing's id is its SKU unless it is mapped to another. */
  readonly identity: boolean
  /** Lower than the adapter's own where given. */
  readonly limits: ChannelLimits
  /** What is given of `baseMs`, `factor`, `maxMs`, `retriesMax`. */
  readonly backoff: Readonly<Record<string, number>>
  /** What is given of `failuresMax`, `restMs`, `restMsMax`. */
  readonly breaker: Readonly<Record<string, number>>
  readonly lastUnitsMax: number
  readonly callTimeoutMs: number
  readonly heartbeatMs: number
  readonly pollMs: number
  readonly upkeepMs: number
  /** 0: only on demand. */
  readonly reconcileMs: number
  readonly resultsMs: number
  readonly stuckMs: number
  /** Units that the channel is shown fewer of while what it accepted is stuck. */
  readonly stuckBuffer: number
}

/** The file does not do; the message says where and what to write instead. */
export class WrongChannels extends Error {
  override readonly name = "WrongChannels"
}

const CHANNELS_MAX = 64
const NAME = /^[a-z0-9][a-z0-9-]{0,31}$/

const { fieldsOf, flagOf, numberOf, numbersOf, parsed, withSecrets } = fieldReader(
  (message) => new WrongChannels(message)
)

const DAY_MS = 86_400_000
const limits = {
  batchMax: [1, 10_000],
  callsPerSecond: [0.001, 1_000_000],
  burst: [1, 1_000_000],
  concurrencyMax: [1, 256],
  windowMs: [0, 3_600_000]
} as const
const backoff = { baseMs: [1, DAY_MS], factor: [1, 10], maxMs: [1, DAY_MS], retriesMax: [0, 100] } as const
const breaker = { failuresMax: [1, 1_000], restMs: [1, DAY_MS], restMsMax: [1, DAY_MS] } as const

/** Reads the text of a channels file. Throws `WrongChannels`. */
export const readChannels = (text: string, environment: NodeJS.ProcessEnv): ReadonlyArray<ChannelConfig> => {
  const { channels } = parsed(text, "The channels file")
  if (!Array.isArray(channels) || channels.length > CHANNELS_MAX) {
    throw new WrongChannels(`The channels file must have "channels" as an array of at most ${CHANNELS_MAX}.`)
  }
  const read = channels.map((channel, index) => readChannel(channel, index, environment))
  const names = new Set<string>()
  for (const { name } of read) {
    if (names.has(name))
      throw new WrongChannels(`There are two channels named ${name}; facts could not tell them apart.`)
    names.add(name)
  }
  return read
}

const readChannel = (value: unknown, index: number, environment: NodeJS.ProcessEnv): ChannelConfig => {
  const fields = fieldsOf(value, `Channel ${index + 1}`)
  const { name, adapter } = fields
  if (typeof name !== "string" || !NAME.test(name)) {
    throw new WrongChannels(`Channel ${index + 1}: name must be 1 to 32 of a-z, 0-9 and dash, and begin with no dash.`)
  }
  const where = `The channel ${name}`
  if (typeof adapter !== "string" || adapter === "") throw new WrongChannels(`${where}: adapter must be a text.`)
  const ms = (field: string, otherwise: number, min = 1) => numberOf(fields, field, where, otherwise, min, DAY_MS)
  return {
    name,
    adapter,
    settings: withSecrets(fields["settings"] ?? {}, where, environment),
    shadow: flagOf(fields, "shadow", where),
    identity: flagOf(fields, "identity", where),
    limits: numbersOf(fields["limits"], `${where}: limits`, limits),
    backoff: numbersOf(fields["backoff"], `${where}: backoff`, backoff),
    breaker: numbersOf(fields["breaker"], `${where}: breaker`, breaker),
    lastUnitsMax: numberOf(fields, "lastUnitsMax", where, 2, 0, 1_000_000),
    callTimeoutMs: ms("callTimeoutMs", 15_000),
    heartbeatMs: ms("heartbeatMs", 5_000),
    pollMs: ms("pollMs", 60_000),
    upkeepMs: ms("upkeepMs", 300_000),
    reconcileMs: ms("reconcileMs", 3_600_000, 0),
    resultsMs: ms("resultsMs", 15_000),
    stuckMs: ms("stuckMs", 600_000),
    stuckBuffer: numberOf(fields, "stuckBuffer", where, 1, 0, 1_000_000)
  }
}
