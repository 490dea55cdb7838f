/**
 * The streams as data: what is kept, for how long, and how safely.
 *
 * A journal is the record: never trimmed, nothing deleted from it. Facts keep what adapters published until it is in the
 * journal (the hub purges what it has consumed); when it is full it refuses, and the adapter keeps its fact. The others
 * are derived or bounded by age.
 */
import {
  DiscardPolicy,
  type JetStreamManager,
  RetentionPolicy,
  StorageType,
  type StreamConfig
} from "@nats-io/jetstream"
import { nanos } from "@nats-io/transport-node"
import * as Subjects from "../streams/subjects.ts"

const MINUTE_MS = 60_000
const DAY_MS = 24 * 60 * MINUTE_MS
const GIB = 1024 ** 3

type Spec = Partial<StreamConfig> & Pick<StreamConfig, "name" | "subjects">

export const streamSpecs = (journalReplicas: number): ReadonlyArray<Spec> => [
  ...[Subjects.STOCK, Subjects.CART].flatMap((names) => recordSpecs(names, journalReplicas)),
  journalSpec(Subjects.CUSTOMER, journalReplicas),
  {
    // A record like the journal: what a payment was cannot be asked for again from Stripe for ever.
    name: Subjects.PAYMENTS,
    subjects: [Subjects.PAYMENT_SUBJECTS],
    storage: StorageType.File,
    discard: DiscardPolicy.New,
    num_replicas: journalReplicas,
    allow_direct: true,
    deny_delete: true,
    deny_purge: true,
    // A fact that is told again at once is stored once; by its id whoever reads it knows it for ever.
    duplicate_window: nanos(2 * MINUTE_MS)
  },
  {
    name: Subjects.PERSONAL_ACCESS,
    subjects: [Subjects.PERSONAL_ACCESS_SUBJECTS],
    storage: StorageType.File,
    discard: DiscardPolicy.New,
    num_replicas: journalReplicas,
    // As long as somebody may ask who has seen what.
    max_age: nanos(730 * DAY_MS),
    allow_direct: true,
    // Many at once are one fsync.
    allow_atomic: true,
    deny_delete: true,
    deny_purge: true
  },
  {
    name: Subjects.ACCESS,
    subjects: [Subjects.ACCESS_SUBJECTS],
    storage: StorageType.File,
    discard: DiscardPolicy.New,
    num_replicas: journalReplicas,
    allow_direct: true,
    // Sessions end by themselves, and of a session or a key's use only the newest message is of use.
    allow_msg_ttl: true,
    allow_rollup_hdrs: true,
    max_bytes: GIB
  },
  {
    // Who did what to the hub: as much a record as the journal.
    name: Subjects.ACTS,
    subjects: [Subjects.ACT_SUBJECT],
    storage: StorageType.File,
    discard: DiscardPolicy.New,
    num_replicas: journalReplicas,
    allow_direct: true,
    deny_delete: true,
    deny_purge: true
  },
  {
    // Who did what stands in the audit record; here is how each thing stands, and the few decisions before.
    name: Subjects.DESK,
    subjects: [Subjects.DESK_SUBJECTS],
    storage: StorageType.File,
    discard: DiscardPolicy.Old,
    num_replicas: journalReplicas,
    max_msgs_per_subject: 16,
    max_msg_size: 16_384,
    allow_direct: true,
    deny_delete: true,
    deny_purge: true
  },
  bucketSpec(Subjects.PERSONAL_KEYS_BUCKET, journalReplicas),
  bucketSpec(Subjects.PERSONAL_INDEX_BUCKET, journalReplicas),
  ...derivedSpecs(journalReplicas)
]

const journalSpec = (names: Subjects.KindNames, journalReplicas: number): Spec => ({
  name: names.journal,
  subjects: [Subjects.journalSubjects(names)],
  storage: StorageType.File,
  retention: RetentionPolicy.Limits,
  discard: DiscardPolicy.New,
  num_replicas: journalReplicas,
  allow_direct: true,
  allow_atomic: true,
  deny_delete: true,
  deny_purge: true
})

/** A kind's journal, and what was told it and is not in the journal yet. */
const recordSpecs = (names: Subjects.KindNames, journalReplicas: number): ReadonlyArray<Spec> => [
  journalSpec(names, journalReplicas),
  {
    name: names.facts,
    subjects: [...names.factSubjects],
    storage: StorageType.File,
    discard: DiscardPolicy.New,
    num_replicas: journalReplicas,
    max_bytes: 4 * GIB,
    // Publishing again within this time is recognised by the broker already; the mutation id holds for longer.
    duplicate_window: nanos(2 * MINUTE_MS)
  }
]

/** A key-value bucket as NATS has it: one value a key, what is deleted really deleted. */
const bucketSpec = (bucket: string, replicas: number): Spec => ({
  name: Subjects.bucketStream(bucket),
  subjects: [Subjects.bucketSubject(bucket, ">")],
  storage: StorageType.File,
  discard: DiscardPolicy.New,
  num_replicas: replicas,
  max_msgs_per_subject: 1,
  max_msg_size: 4_096,
  allow_rollup_hdrs: true,
  allow_direct: true
})

/** What is not the record: it can be made again, or is only kept until somebody has seen it. */
const derivedSpecs = (journalReplicas: number): ReadonlyArray<Spec> => [
  {
    name: Subjects.TIMERS,
    subjects: [Subjects.TIMER_SUBJECTS, Subjects.DUE_SUBJECTS],
    storage: StorageType.File,
    num_replicas: journalReplicas,
    allow_msg_schedules: true,
    allow_msg_ttl: true,
    allow_rollup_hdrs: true,
    // A schedule is one message on its own subject; due messages need to last only until they are seen.
    max_age: nanos(8 * DAY_MS),
    max_bytes: GIB
  },
  {
    name: Subjects.SNAPSHOTS,
    subjects: [Subjects.SNAPSHOT_SUBJECTS],
    storage: StorageType.File,
    num_replicas: journalReplicas,
    max_msgs_per_subject: 1,
    allow_direct: true
  },
  {
    name: Subjects.CHANNELS,
    subjects: [Subjects.CHANNEL_SUBJECTS],
    storage: StorageType.File,
    num_replicas: journalReplicas,
    // A log is rewritten and trimmed by its owner; see `channel-log.ts`.
    discard: DiscardPolicy.New,
    allow_direct: true
  },
  {
    name: Subjects.ALERTS,
    subjects: [Subjects.ALERT_SUBJECTS],
    storage: StorageType.File,
    num_replicas: journalReplicas,
    max_age: nanos(30 * DAY_MS),
    max_bytes: GIB,
    allow_direct: true,
    // A projection that starts again tells again what it told last.
    duplicate_window: nanos(60 * MINUTE_MS)
  },
  {
    name: Subjects.OUTREACH,
    subjects: [...Subjects.CUSTOMER.factSubjects],
    storage: StorageType.File,
    // Kept until the customers' host has taken it. It holds numbers and what people wrote, so no longer than it takes to notice
    // that nothing is taken; when it is full it refuses, and the carrier tells again.
    discard: DiscardPolicy.New,
    num_replicas: journalReplicas,
    max_age: nanos(7 * DAY_MS),
    max_bytes: GIB / 4,
    allow_direct: true,
    // Carriers that had no answer tell again within the hour.
    duplicate_window: nanos(60 * MINUTE_MS)
  },
  {
    name: Subjects.DEAD_LETTERS,
    subjects: [Subjects.DEAD_SUBJECTS],
    storage: StorageType.File,
    num_replicas: journalReplicas,
    max_age: nanos(90 * DAY_MS),
    max_bytes: GIB,
    allow_direct: true,
    duplicate_window: nanos(60 * MINUTE_MS)
  }
]

/** Makes the streams that are missing and brings the others to these settings. */
export const ensureStreams = async (manager: JetStreamManager, specs: ReadonlyArray<Spec>): Promise<void> => {
  for (const spec of specs) {
    try {
      await manager.streams.info(spec.name)
    } catch {
      await manager.streams.add(spec)
      continue
    }
    await manager.streams.update(spec.name, spec)
  }
}
