/**
 * The Redis register: a hash for each SKU, for other systems to read.
 *
 * One script call takes many SKUs and leaves alone whatever is newer than what it brings, so order and repetition do not
 * matter. The checkpoint is written by the same call. When it is missing or older than what was written, Redis has lost
 * its data, and the whole register is written again from the hub's memory.
 */
import { Effect } from "effect"
import type { Redis } from "ioredis"
import { isStockEvent } from "../../actors/sku/events.ts"
import type { StoredCommit } from "../codec.ts"
import { type Projection, ProjectionFailed } from "./runner.ts"

export interface RegisterRow {
  readonly sku: string
  readonly version: number
  readonly physical: number
  readonly allocated: number
  readonly safetyThreshold: number
}

export interface RegisterSource {
  /** Rows of SKUs by page, in any order, and the sequence that they hold at least. */
  readonly all: Effect.Effect<
    {
      readonly sequence: number
      readonly pages: ReadonlyArray<Effect.Effect<ReadonlyArray<RegisterRow>, ProjectionFailed>>
    },
    ProjectionFailed
  >
  /** The journal's newest sequence. */
  readonly lastSequence: () => number
}

export const registerKey = (sku: string): string => `inventory:sku:${sku}`
export const REGISTER_CHECKPOINT = "holdfast:register:sequence"

const FIELDS = 6
/** The last key is the checkpoint, the last two arguments its value and whether newer rows must give way. */
const SCRIPT = `
local force = ARGV[#ARGV] == '1'
for i = 1, #KEYS - 1 do
  local first = (i - 1) * ${FIELDS}
  local known = tonumber(redis.call('HGET', KEYS[i], 'version'))
  if force or known == nil or known < tonumber(ARGV[first + 6]) then
    redis.call('HSET', KEYS[i], 'sku_code', ARGV[first + 1], 'total_available', ARGV[first + 2],
      'physical_stock', ARGV[first + 3], 'allocated_stock', ARGV[first + 4],
      'safety_threshold', ARGV[first + 5], 'version', ARGV[first + 6])
  end
end
if ARGV[#ARGV - 1] ~= '' then redis.call('SET', KEYS[#KEYS], ARGV[#ARGV - 1]) end
return #KEYS - 1
`

/** Lua's own stack bounds what one call may take apart. */
const ROWS_PER_CALL = 500
const NAME = "redis-register"

const failed = (cause: unknown) => new ProjectionFailed({ projection: NAME, detail: String(cause) })

const write = (redis: Redis, rows: ReadonlyArray<RegisterRow>, checkpoint: number | undefined, force: boolean) =>
  Effect.tryPromise({
    try: async () => {
      for (let first = 0; first < rows.length || first === 0; first += ROWS_PER_CALL) {
        const some = rows.slice(first, first + ROWS_PER_CALL)
        const isLast = first + ROWS_PER_CALL >= rows.length
        const args = some.flatMap((row) => [
          row.sku,
          row.physical - row.allocated,
          row.physical,
          row.allocated,
          row.safetyThreshold,
          row.version
        ])
        const keys = [...some.map((row) => registerKey(row.sku)), REGISTER_CHECKPOINT]
        const mark = isLast && checkpoint !== undefined ? String(checkpoint) : ""
        await redis.eval(SCRIPT, keys.length, ...keys, ...args, mark, force ? "1" : "0")
      }
    },
    catch: failed
  })

/** The newest row of each SKU in the commits. */
const newestRows = (commits: ReadonlyArray<StoredCommit>): ReadonlyArray<RegisterRow> => {
  const rows = new Map<string, RegisterRow>()
  for (const commit of commits) {
    for (const record of commit.records) {
      if (!isStockEvent(record)) continue
      const { sku, version, physical, allocated, safetyThreshold = 0 } = record
      rows.set(sku, { sku, version, physical, allocated, safetyThreshold })
    }
  }
  return [...rows.values()]
}

export const registerProjection = (redis: Redis, source: RegisterSource): Projection => {
  const readCheckpoint = Effect.tryPromise({ try: () => redis.get(REGISTER_CHECKPOINT), catch: failed }).pipe(
    Effect.map((text) => (text === null ? undefined : Number(text)))
  )

  /** `force`: what Redis holds is of another, longer history (a backup was restored) and must give way. */
  const rebuild = Effect.fnUntraced(function* (force: boolean) {
    const { sequence, pages } = yield* source.all
    for (const page of pages) yield* write(redis, yield* page, undefined, force)
    yield* write(redis, [], sequence, force)
    return sequence
  })

  return {
    name: NAME,
    recordsMax: 1_000,
    checkpoint: Effect.flatMap(readCheckpoint, (known) => {
      if (known === undefined) return rebuild(false)
      return known > source.lastSequence() ? rebuild(true) : Effect.succeed(known)
    }),
    apply: (commits) => {
      const last = commits[commits.length - 1]
      return last === undefined ? Effect.void : write(redis, newestRows(commits), last.sequence, false)
    }
  }
}

/** Fails when Redis has lost what was written up to `writtenSequence`; asked once a second, also without traffic. */
export const checkRegister = (redis: Redis, writtenSequence: () => number): Effect.Effect<void, ProjectionFailed> =>
  Effect.suspend(() => {
    const written = writtenSequence()
    return Effect.flatMap(Effect.tryPromise({ try: () => redis.get(REGISTER_CHECKPOINT), catch: failed }), (text) =>
      text === null || Number(text) < written
        ? Effect.fail(failed("Redis has lost its data; the register is written again"))
        : Effect.void
    )
  })
