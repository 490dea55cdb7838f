-- The stock's ledger and read models. All of it is derived from the journal and can be rebuilt from it.

CREATE TABLE projection_checkpoints (
  name text PRIMARY KEY,
  sequence bigint NOT NULL
);

-- One row for each change of a SKU, never changed again.
CREATE TABLE stock_ledger (
  sku text COLLATE "C" NOT NULL,
  version bigint NOT NULL,
  type text NOT NULL,
  mutation_id text COLLATE "C" NOT NULL,
  -- Who made the mutation when it was not a command on this SKU: 'lines', or 'bundle <sku>'.
  scope text COLLATE "C" NOT NULL DEFAULT '',
  -- Mutation ids are remembered for a bounded time: one that comes back later has its version here.
  reuse bigint NOT NULL DEFAULT 0,
  quantity bigint,
  physical bigint NOT NULL,
  allocated bigint NOT NULL,
  location_id text,
  to_location_id text,
  channel text,
  hold_id text,
  reference text,
  reason text,
  occurred_at text,
  at timestamptz NOT NULL,
  journal_sequence bigint NOT NULL,
  PRIMARY KEY (sku, version),
  UNIQUE (sku, scope, mutation_id, reuse)
);

CREATE FUNCTION refuse_ledger_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF current_setting('holdfast.rebuilding', true) = 'on' THEN
    RETURN NULL;
  END IF;
  RAISE EXCEPTION 'stock_ledger is append-only: rows are neither changed nor removed';
END
$$;

CREATE TRIGGER stock_ledger_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON stock_ledger
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_ledger_change();

CREATE TABLE stock_levels (
  sku text COLLATE "C" PRIMARY KEY,
  version bigint NOT NULL,
  physical bigint NOT NULL,
  allocated bigint NOT NULL,
  available bigint GENERATED ALWAYS AS (physical - allocated) STORED,
  safety_threshold bigint NOT NULL,
  updated_at timestamptz NOT NULL
);

CREATE TABLE open_holds (
  sku text COLLATE "C" NOT NULL,
  scope text COLLATE "C" NOT NULL DEFAULT '',
  hold_id text COLLATE "C" NOT NULL,
  quantity bigint NOT NULL,
  channel text,
  expires_at timestamptz NOT NULL,
  PRIMARY KEY (sku, scope, hold_id)
);

CREATE TABLE incidents (
  id text COLLATE "C" PRIMARY KEY,
  kind text NOT NULL,
  sku text COLLATE "C" NOT NULL,
  version bigint NOT NULL,
  location_id text NOT NULL,
  units bigint NOT NULL,
  mutation_id text NOT NULL,
  channel text,
  reference text,
  hold_id text,
  at timestamptz NOT NULL,
  status text NOT NULL DEFAULT 'open',
  outcome text,
  note text,
  resolved_at timestamptz,
  position bigserial UNIQUE
);

CREATE INDEX incidents_by_status ON incidents (status, position);

CREATE TABLE alerts (
  sku text COLLATE "C" NOT NULL,
  version bigint NOT NULL,
  state text NOT NULL,
  available bigint NOT NULL,
  safety_threshold bigint NOT NULL,
  at timestamptz NOT NULL,
  position bigserial UNIQUE,
  PRIMARY KEY (sku, version, state)
);
