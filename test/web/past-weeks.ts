/** Weeks of recovery that have passed already, put into a hub's tables: no test waits for an attribution window to end. */
import { Pool } from "pg"
import type { TestHub } from "../support/hub.ts"

/** Three weeks in which 1,800 were written to and 200 held out; the first bought more often. */
const PAST = `INSERT INTO recoveries (customer_id, abandonment_id, cart, recovery_id, withheld, sequence_id, sequence_version,
    arm, channel, left_at, decided_at, step, message_count, ended_at, ended_reason)
  SELECT 'past-' || n, 'left', 'past-' || n, CASE WHEN n % 10 > 0 THEN 'past-' || n END,
    CASE WHEN n % 10 = 0 THEN 'holdout' END, 'default', 1, CASE WHEN n % 10 = 0 THEN 'holdout' ELSE 'treated' END, 'sms',
    now() - interval '29 days' + n * interval '15 minutes', now(), 1, CASE WHEN n % 10 > 0 THEN 1 ELSE 0 END, now(),
    CASE WHEN n % 10 > 0 THEN 'completed' END
  FROM generate_series(1, 2000) AS n;
  INSERT INTO recovery_messages (attempt_id, recovery_id, customer_id, sequence_id, sequence_version, step, channel, template,
    form, state, calls, intended_at, called_at)
  SELECT recovery_id || '-1', recovery_id, customer_id, 'default', 1, 0, 'sms', 'reminder', 'free', 'sent', 1, left_at, left_at
  FROM recoveries WHERE recovery_id LIKE 'past-%';
  INSERT INTO carts (cart, version, contents, status, customer_id, currency, total_minor, line_count, item_count, changed_at,
    order_id, order_state, ordered_at, paid_minor, refunded_minor, state)
  SELECT cart, 5, 1, 'ordered', customer_id, 'GBP', 3000, 1, 1, left_at, cart, 'placed', left_at + interval '5 hours',
    2000 + length(customer_id) * 100, 0, '[]'
  FROM recoveries WHERE customer_id LIKE 'past-%'
    AND right(customer_id, 3)::text ~ CASE WHEN arm = 'treated' THEN '[13579].$' ELSE '[1]0$' END`

export const addPastWeeks = async ({ databaseUrl }: TestHub): Promise<void> => {
  const pool = new Pool({ connectionString: databaseUrl, max: 1 })
  await pool.query(PAST)
  await pool.end()
}
