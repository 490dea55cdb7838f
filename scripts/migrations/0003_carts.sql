-- Carts as they are now. Derived from the carts' journal and made again from it when the checkpoint is gone.

CREATE TABLE carts (
  cart text COLLATE "C" PRIMARY KEY,
  version bigint NOT NULL,
  contents bigint NOT NULL,
  status text NOT NULL,
  customer_id text COLLATE "C",
  segment text,
  currency text,
  total_minor bigint NOT NULL,
  line_count integer NOT NULL,
  item_count bigint NOT NULL,
  -- When the shopper last did something; when the cart counts as left unless something happens before.
  changed_at timestamptz NOT NULL,
  idle_at timestamptz,
  abandoned_at timestamptz,
  abandoned_reason text,
  contacted_at timestamptz,
  order_id text,
  order_state text,
  -- The whole cart, packed, for the next event to be folded into.
  state text NOT NULL
) WITH (fillfactor = 70);

-- The rolling window asks for carts that have been idle for minutes; an old one is never looked at again.
CREATE INDEX carts_by_change ON carts (changed_at) WHERE abandoned_at IS NULL AND status IN ('open', 'checkout');
