/**
 * Brings a host up: recovers from snapshot and journal, then takes the partitions over.
 *
 * What a hub that died had sent may be stored after the new one has read the journal. The claim then finds somebody
 * else's commit behind the fence, and reads again; that ends, because the dead send nothing more.
 */
import { type Clock, Effect } from "effect"
import type { SnapshotsShape } from "../../streams/snapshots.ts"
import { type HostOptions, PartitionHost, type Ports } from "./host.ts"
import { recover } from "./recovery.ts"

export interface Claim {
  readonly options: HostOptions
  readonly ports: Ports
  readonly snapshots: SnapshotsShape
  readonly clock: Clock.Clock
  readonly start: (turns: Effect.Effect<void>) => void
}

/** With a living owner there is no end to it: after so many the error says who it is. */
const CLAIMS_MAX = 4

export const claim = ({ options, ports, snapshots, clock, start }: Claim) => {
  let attempts = 0
  return Effect.gen(function* () {
    // What the attempt before it sent must not be taken for its own, and is not what the journal has.
    ports.recent.clear()
    const owner = `${options.owner}x${++attempts}`
    const host = new PartitionHost({ ...options, owner }, ports, clock, start)
    yield* host.takeOver(yield* recover(host, options.partitions, { journal: ports.journal, snapshots }))
    return host
  }).pipe(Effect.retry({ times: CLAIMS_MAX - 1, while: (failure) => failure._tag === "FenceLost" }))
}
