/**
 * PostgreSQL in two ways: a transaction for each command with row locks, and a client that sends what waits as one call.
 *
 * Both keep the mutation id and a ledger row in the same transaction, with fsync on. Rows are locked in the order of
 * their SKUs, so that carts cannot deadlock.
 */
import { Pool } from "pg"
import type { Target } from "./target.ts"

const SCHEMA = `
DROP TABLE IF EXISTS peer_stock, peer_mutations, peer_ledger CASCADE;
CREATE TABLE peer_stock (sku text PRIMARY KEY, physical bigint NOT NULL, allocated bigint NOT NULL, version bigint NOT NULL) WITH (fillfactor = 50);
CREATE TABLE peer_mutations (mutation_id text PRIMARY KEY, ok boolean NOT NULL, at timestamptz NOT NULL DEFAULT now());
CREATE TABLE peer_ledger (sku text NOT NULL, version bigint NOT NULL, mutation_id text NOT NULL, allocated bigint NOT NULL, PRIMARY KEY (sku, version));
CREATE OR REPLACE FUNCTION peer_reserve(wanted text[], mutation text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE known boolean; free integer;
BEGIN
  SELECT count(*) INTO free FROM (
    SELECT physical, allocated FROM peer_stock WHERE sku = ANY (wanted) ORDER BY sku FOR UPDATE
  ) locked WHERE physical > allocated;
  -- Behind the lock, so that the same mutation asked twice at once finds the first one's answer.
  SELECT ok INTO known FROM peer_mutations WHERE mutation_id = mutation;
  IF FOUND THEN RETURN known; END IF;
  known := free = cardinality(wanted);
  INSERT INTO peer_mutations (mutation_id, ok) VALUES (mutation, known);
  IF known THEN
    WITH changed AS (
      UPDATE peer_stock SET allocated = allocated + 1, version = version + 1 WHERE sku = ANY (wanted)
      RETURNING sku, version, allocated
    )
    INSERT INTO peer_ledger SELECT sku, version, mutation, allocated FROM changed;
  END IF;
  RETURN known;
END $$;
CREATE OR REPLACE FUNCTION peer_reserve_batch(carts jsonb, mutations text[]) RETURNS boolean[] LANGUAGE plpgsql AS $$
DECLARE answers boolean[] := '{}'; wanted text[];
BEGIN
  PERFORM 1 FROM peer_stock WHERE sku IN (
    SELECT DISTINCT jsonb_array_elements_text(cart) FROM jsonb_array_elements(carts) cart
  ) ORDER BY sku FOR UPDATE;
  FOR i IN 1 .. cardinality(mutations) LOOP
    SELECT array_agg(line) INTO wanted FROM jsonb_array_elements_text(carts -> (i - 1)) line;
    answers := answers || peer_reserve(wanted, mutations[i]);
  END LOOP;
  RETURN answers;
END $$;`

const insertStock = "INSERT INTO peer_stock SELECT unnest($1::text[]), $2, 0, 0"

const prepared = (pool: Pool) => async (skus: ReadonlyArray<string>, units: number) => {
  await pool.query(SCHEMA)
  await pool.query(insertStock, [skus, units])
  await pool.query("ANALYZE peer_stock")
}

/** What it has not written yet it would write for minutes, beside whoever is measured next. */
const rested = (pool: Pool) => async () => void (await pool.query("CHECKPOINT"))

const checked = (pool: Pool) => async () => {
  const { rows } = await pool.query<{ held: string; oversold: string }>(
    "SELECT coalesce(sum(allocated), 0) AS held, count(*) FILTER (WHERE allocated > physical) AS oversold FROM peer_stock"
  )
  return { held: Number(rows[0]?.held), oversold: Number(rows[0]?.oversold) }
}

/** Connections that two cores keep busy with row locks; more made it slower. */
const ROW_LOCK_CONNECTIONS = 16

const UNIQUE_VIOLATION = "23505"

export const rowLockTarget = (url: string): Target => {
  const pool = new Pool({ connectionString: url, max: ROW_LOCK_CONNECTIONS })
  const reserveLines = async (skus: ReadonlyArray<string>, mutationId: string): Promise<boolean> => {
    const call = () =>
      pool.query<{ ok: boolean }>({
        name: "reserve",
        text: "SELECT peer_reserve($1, $2) AS ok",
        values: [skus, mutationId]
      })
    // What is sold out is not locked (PostgreSQL filters before it locks), so two refusals of the same id at the same
    // moment can meet: the other call has answered it by now. Asked again here, it costs nothing where it does not happen.
    const { rows } = await call().catch((error: { readonly code?: string }) => {
      if (error.code === UNIQUE_VIOLATION) return call()
      throw error
    })
    return rows[0]?.ok === true
  }
  return {
    name: "postgres row locks",
    prepare: prepared(pool),
    reserve: (sku, mutationId) => reserveLines([sku], mutationId),
    reserveLines,
    check: checked(pool),
    rest: rested(pool),
    close: () => pool.end()
  }
}

interface Waiting {
  readonly skus: ReadonlyArray<string>
  readonly mutationId: string
  readonly resolve: (ok: boolean) => void
  readonly reject: (error: unknown) => void
}

const BATCH_MAX = 512

/** One call is under way at a time; what comes meanwhile is the next batch. */
export const batchedTarget = (url: string): Target => {
  const pool = new Pool({ connectionString: url, max: 1 })
  let waiting: Array<Waiting> = []
  let running = false
  const run = async (): Promise<void> => {
    running = true
    while (waiting.length > 0) {
      const batch = waiting.slice(0, BATCH_MAX)
      waiting = waiting.slice(BATCH_MAX)
      try {
        const { rows } = await pool.query<{ answers: ReadonlyArray<boolean> }>({
          name: "reserve-batch",
          text: "SELECT peer_reserve_batch($1, $2) AS answers",
          values: [JSON.stringify(batch.map(({ skus }) => skus)), batch.map(({ mutationId }) => mutationId)]
        })
        for (const [index, one] of batch.entries()) one.resolve(rows[0]?.answers[index] === true)
      } catch (error) {
        for (const one of batch) one.reject(error)
      }
    }
    running = false
  }
  const reserveLines = (skus: ReadonlyArray<string>, mutationId: string): Promise<boolean> =>
    new Promise((resolve, reject) => {
      waiting.push({ skus, mutationId, resolve, reject })
      if (!running) queueMicrotask(() => running || void run())
    })
  return {
    name: "postgres batched",
    prepare: prepared(pool),
    reserve: (sku, mutationId) => reserveLines([sku], mutationId),
    reserveLines,
    check: checked(pool),
    rest: rested(pool),
    close: () => pool.end()
  }
}
