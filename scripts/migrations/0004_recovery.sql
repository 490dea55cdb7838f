-- What became of carts that were left. Derived from the customers' journal and made again from it when the checkpoint is gone.

CREATE TABLE recoveries (
  customer_id text COLLATE "C" NOT NULL,
  abandonment_id text COLLATE "C" NOT NULL,
  cart text COLLATE "C" NOT NULL,
  -- Absent when nothing was begun; `withheld` says why.
  recovery_id text COLLATE "C" UNIQUE,
  withheld text,
  sequence_id text,
  sequence_version integer,
  -- `treated` or `holdout`; absent for who would not have been written to anyway.
  arm text,
  -- Known before the lot was drawn, so the two arms can be compared by it.
  channel text,
  left_at timestamptz NOT NULL,
  decided_at timestamptz NOT NULL,
  step integer,
  -- `waiting`, `planned`, `sending` or `retrying`, and when something is to happen; absent when nothing will any more.
  phase text,
  due_at timestamptz,
  next_channel text,
  -- Messages that went, or may have.
  message_count integer NOT NULL DEFAULT 0,
  ended_at timestamptz,
  ended_reason text,
  -- For the next event to be folded into; absent when there will be none.
  state text,
  PRIMARY KEY (customer_id, abandonment_id)
) WITH (fillfactor = 70);

CREATE INDEX recoveries_by_leaving ON recoveries (left_at);
CREATE INDEX recoveries_by_due ON recoveries (due_at, recovery_id) WHERE due_at IS NOT NULL;

CREATE TABLE recovery_messages (
  attempt_id text COLLATE "C" PRIMARY KEY,
  recovery_id text COLLATE "C" NOT NULL,
  customer_id text COLLATE "C" NOT NULL,
  sequence_id text NOT NULL,
  sequence_version integer NOT NULL,
  step integer NOT NULL,
  channel text NOT NULL,
  template text NOT NULL,
  form text NOT NULL,
  offer text NOT NULL DEFAULT 'none',
  -- `intended`, `postponed`, `sent`, `lost` (nobody knows, and it counts as sent), `failed` or `withdrawn`, and why.
  state text NOT NULL,
  reason text,
  calls integer NOT NULL,
  intended_at timestamptz NOT NULL,
  -- Its last call.
  called_at timestamptz NOT NULL,
  settled_at timestamptz,
  segments integer,
  cost_micro_minor bigint,
  cost_currency text
) WITH (fillfactor = 70);

CREATE INDEX recovery_messages_by_customer ON recovery_messages (customer_id, called_at) WHERE state IN ('sent', 'lost');
CREATE INDEX recovery_messages_by_call ON recovery_messages (called_at);

-- Every event of a customer as it was recorded, without the customer.
CREATE TABLE customer_timeline (
  customer_id text COLLATE "C" NOT NULL,
  version bigint NOT NULL,
  ordinal integer NOT NULL,
  at timestamptz NOT NULL,
  event text NOT NULL,
  PRIMARY KEY (customer_id, version, ordinal)
);

-- Addresses are blind: what they stand for only a customer's own key opens.
CREATE TABLE suppressed_addresses (
  address text COLLATE "C" PRIMARY KEY,
  channel text NOT NULL,
  reason text NOT NULL,
  at timestamptz NOT NULL,
  position bigint NOT NULL
);

CREATE INDEX suppressed_addresses_by_position ON suppressed_addresses (position, address);

-- What was bought, and when: carts are read again from their journal for it.
ALTER TABLE carts
  ADD COLUMN ordered_at timestamptz,
  ADD COLUMN paid_minor bigint,
  ADD COLUMN refunded_minor bigint;

CREATE INDEX carts_by_order ON carts (ordered_at) WHERE ordered_at IS NOT NULL;
CREATE INDEX carts_by_customer_and_order ON carts (customer_id, ordered_at) WHERE ordered_at IS NOT NULL;

DELETE FROM projection_checkpoints WHERE name = 'postgres-carts';
