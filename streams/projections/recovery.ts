/**
 * The PostgreSQL read models of recovery: recoveries, their messages, the customers' timelines and the suppression list,
 * applied in batches.
 */
import type { Effect } from "effect"
import type pg from "pg"
import type { CustomerRecord } from "../../actors/customer/customer.ts"
import type { StoredCommit } from "../codec.ts"
import { rowsText } from "./ledger-rows.ts"
import { tablesProjection } from "./postgres-projection.ts"
import { foldRecoveries, type Folded, type Kept, type Known, type MessageRow, touchedBy } from "./recovery-fold.ts"
import type { Projection, ProjectionFailed } from "./runner.ts"

export const RECOVERY_PROJECTION = "postgres-recovery"

const TABLES = ["recoveries", "recovery_messages", "customer_timeline", "suppressed_addresses"]

/** `prepare` sees to the tables: a database may have been dropped and made again. */
export const recoveryProjection = (
  pool: pg.Pool,
  prepare: Effect.Effect<void, ProjectionFailed>
): Projection<CustomerRecord> =>
  tablesProjection({ name: RECOVERY_PROJECTION, pool, prepare, tables: TABLES, write: writeBatch })

const writeBatch = async (client: pg.ClientBase, fresh: ReadonlyArray<StoredCommit<CustomerRecord>>): Promise<void> =>
  store(client, foldRecoveries(fresh, await load(client, touchedBy(fresh))))

const LOAD_RECOVERIES = `SELECT state FROM recoveries
  WHERE recovery_id = ANY (ARRAY(SELECT json_array_elements_text($1::json))) AND state IS NOT NULL`

const LOAD_MESSAGES = `SELECT attempt_id AS attempt, recovery_id AS recovery, customer_id AS customer,
    sequence_id AS sequence, sequence_version AS version, step, channel, template, form, offer, state, reason, calls,
    (extract(epoch FROM intended_at) * 1000)::float8 AS intended, (extract(epoch FROM called_at) * 1000)::float8 AS called,
    (extract(epoch FROM settled_at) * 1000)::float8 AS settled, segments, cost_micro_minor::float8 AS cost,
    cost_currency AS currency
  FROM recovery_messages WHERE attempt_id = ANY (ARRAY(SELECT json_array_elements_text($1::json)))`

const load = async (client: pg.ClientBase, { attempts, recoveries }: ReturnType<typeof touchedBy>): Promise<Known> => {
  const read = async <Row extends pg.QueryResultRow>(name: string, text: string, ids: ReadonlyArray<string>) =>
    ids.length === 0 ? [] : (await client.query<Row>({ name, text, values: [rowsText(ids)] })).rows
  const kept = (await read<{ state: string }>("load-recoveries", LOAD_RECOVERIES, recoveries)).map(
    ({ state }) => JSON.parse(state) as Kept
  )
  const messages = await read<MessageRow & pg.QueryResultRow>("load-messages", LOAD_MESSAGES, attempts)
  return {
    recoveries: new Map(kept.map((one) => [one.recovery.recoveryId, one])),
    messages: new Map(messages.map((row) => [row.attempt, row]))
  }
}

const UPSERT_RECOVERIES = `INSERT INTO recoveries (customer_id, abandonment_id, cart, recovery_id, withheld, sequence_id,
    sequence_version, arm, channel, left_at, decided_at, step, phase, due_at, next_channel, message_count, ended_at,
    ended_reason, state)
  SELECT customer, abandonment, cart, recovery, withheld, sequence, version, arm, channel, to_timestamp("left" / 1000.0),
    to_timestamp(decided / 1000.0), step, phase, to_timestamp(due / 1000.0), next, messages,
    to_timestamp(ended / 1000.0), reason, state
  FROM json_to_recordset($1::json) AS recovery (customer text, abandonment text, cart text, recovery text, withheld text,
    sequence text, version integer, arm text, channel text, "left" bigint, decided bigint, step integer, phase text,
    due bigint, next text, messages integer, ended bigint, reason text, state text)
  ON CONFLICT (customer_id, abandonment_id) DO UPDATE SET recovery_id = excluded.recovery_id,
    withheld = excluded.withheld, sequence_id = excluded.sequence_id, sequence_version = excluded.sequence_version,
    arm = excluded.arm, channel = excluded.channel, decided_at = excluded.decided_at, step = excluded.step, phase = excluded.phase,
    due_at = excluded.due_at, next_channel = excluded.next_channel, message_count = excluded.message_count,
    ended_at = excluded.ended_at, ended_reason = excluded.ended_reason, state = excluded.state
  WHERE excluded.recovery_id IS NOT NULL OR recoveries.arm IS NULL`

const UPSERT_MESSAGES = `INSERT INTO recovery_messages (attempt_id, recovery_id, customer_id, sequence_id, sequence_version,
    step, channel, template, form, offer, state, reason, calls, intended_at, called_at, settled_at, segments, cost_micro_minor,
    cost_currency)
  SELECT attempt, recovery, customer, sequence, version, step, channel, template, form, offer, state, reason, calls,
    to_timestamp(intended / 1000.0), to_timestamp(called / 1000.0), to_timestamp(settled / 1000.0), segments, cost, currency
  FROM json_to_recordset($1::json) AS message (attempt text, recovery text, customer text, sequence text, version integer,
    step integer, channel text, template text, form text, offer text, state text, reason text, calls integer, intended bigint,
    called bigint, settled bigint, segments integer, cost bigint, currency text)
  ON CONFLICT (attempt_id) DO UPDATE SET offer = excluded.offer, state = excluded.state, reason = excluded.reason, calls = excluded.calls,
    called_at = excluded.called_at, settled_at = excluded.settled_at, segments = excluded.segments,
    cost_micro_minor = excluded.cost_micro_minor, cost_currency = excluded.cost_currency`

const INSERT_TIMELINE = `INSERT INTO customer_timeline (customer_id, version, ordinal, at, event)
  SELECT customer, version, ordinal, to_timestamp(at / 1000.0), event
  FROM json_to_recordset($1::json) AS told (customer text, version bigint, ordinal integer, at bigint, event text)
  ON CONFLICT DO NOTHING`

const REOPEN = `DELETE FROM suppressed_addresses
  WHERE address = ANY (ARRAY(SELECT json_array_elements_text($1::json)))`

const SUPPRESS = `INSERT INTO suppressed_addresses (address, channel, reason, at, position)
  SELECT address, channel, reason, to_timestamp(at / 1000.0), position
  FROM json_to_recordset($1::json) AS suppressed (address text, channel text, reason text, at bigint, position bigint)
  ON CONFLICT (address) DO UPDATE SET channel = excluded.channel, reason = excluded.reason, at = excluded.at,
    position = excluded.position
  WHERE suppressed_addresses.reason <> 'opted-out'`

const store = async (client: pg.ClientBase, folded: Folded): Promise<void> => {
  const write = async (name: string, text: string, rows: ReadonlyArray<unknown>): Promise<void> => {
    if (rows.length > 0) await client.query({ name, text, values: [rowsText(rows)] })
  }
  await write("upsert-recoveries", UPSERT_RECOVERIES, folded.recoveries)
  await write("upsert-messages", UPSERT_MESSAGES, folded.messages)
  await write("insert-timeline", INSERT_TIMELINE, folded.timeline)
  await write("reopen-addresses", REOPEN, folded.reopened)
  await write("suppress-addresses", SUPPRESS, folded.suppressed)
}
