/**
 * Brings a host up: recovers from snapshot and journal, then takes the partitions over.
 *
 * What a hub that died had sent may be stored after the new one has read the journal. The claim then finds somebody
 * else's commit behind the fence, and reads again; that ends, because the dead send nothing more. Likewise it may end
 * a snapshot while the new one reads the one before, whose parts it then removes: the new one reads that snapshot. One
 * that is not whole though it is the newest is done without: the journal has everything, and takes longer.
 */
import { type Clock, Effect } from "effect"
import type { Snapshot, SnapshotsShape } from "../../streams/snapshots.ts"
import { PartitionHost } from "./host.ts"
import type { ActorBook, Kind } from "./kind.ts"
import type { AnyMail } from "./mail.ts"
import type { HostOptions, Ports, Runtime } from "./options.ts"
import { recover } from "./recovery.ts"

export interface Claim<R, M extends AnyMail, B extends ActorBook<R>> {
  readonly kind: Kind<R, M, B>
  readonly options: HostOptions
  readonly ports: Ports<R>
  readonly snapshots: SnapshotsShape
  readonly clock: Clock.Clock
  readonly start: Runtime["start"]
}

/** With a living owner there is no end to it: after so many the error says who it is. */
const CLAIMS_MAX = 4

export const claim = <R, M extends AnyMail, B extends ActorBook<R>>({
  kind,
  options,
  ports,
  snapshots,
  clock,
  start
}: Claim<R, M, B>) => {
  let attempts = 0
  let broken: Snapshot | undefined
  return Effect.gen(function* () {
    // What the attempt before it sent must not be taken for its own, and is not what the journal has.
    ports.recent.clear()
    const owner = `${options.owner}x${++attempts}`
    const host = new PartitionHost(kind, { ...options, owner }, ports, { clock, start })
    const memory = { book: host.book, remembered: host.remembered, rememberedBy: kind.rememberedBy }
    const newest = yield* snapshots.latest
    const from = newest?.revision === broken?.revision ? undefined : newest
    const recovered = yield* recover(memory, options.partitions, from, { journal: ports.journal, snapshots }).pipe(
      Effect.tapErrorTag("PartMissing", ({ part }) => {
        broken = from
        return Effect.logWarning(
          `The newest snapshot has no part ${part}: looking for another one, or reading the whole journal.`
        )
      })
    )
    yield* host.takeOver(recovered)
    return host
  }).pipe(Effect.retry({ times: CLAIMS_MAX - 1, while: ({ _tag }) => _tag === "FenceLost" || _tag === "PartMissing" }))
}
