-- Stock by location, places in the journal, and checkpoints that name the history they belong to.

-- The commit at that sequence: a checkpoint whose commit the journal does not have was written from another journal.
ALTER TABLE projection_checkpoints ADD COLUMN commit_id text;

-- The place among the commit's records.
ALTER TABLE stock_ledger ADD COLUMN entry integer NOT NULL DEFAULT 0;

-- A rebuild makes new tables beside these and swaps them, so that nothing needs an exception.
CREATE OR REPLACE FUNCTION refuse_ledger_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'stock_ledger is append-only: rows are neither changed nor removed';
END
$$;

-- A bundle has no stock of its own: its numbers follow its components'.
ALTER TABLE stock_levels ADD COLUMN bundle boolean NOT NULL DEFAULT false, SET (fillfactor = 70);

CREATE TABLE stock_locations (
  sku text COLLATE "C" NOT NULL,
  location_id text COLLATE "C" NOT NULL,
  physical bigint NOT NULL,
  allocated bigint NOT NULL,
  available bigint GENERATED ALWAYS AS (physical - allocated) STORED,
  PRIMARY KEY (sku, location_id)
) WITH (fillfactor = 70);

-- Where the hold's units are taken from: [[location, units], ...].
ALTER TABLE open_holds ADD COLUMN split jsonb NOT NULL DEFAULT '[]', ADD COLUMN holder text;

-- Places in the journal (sequence * 65536 + entry) in place of a counter: pages stay valid over a rebuild.
ALTER TABLE incidents ALTER COLUMN position DROP DEFAULT;
ALTER TABLE alerts ALTER COLUMN position DROP DEFAULT;
DROP SEQUENCE incidents_position_seq, alerts_position_seq;

-- What stands here says nothing of locations: without a checkpoint all of it is made anew from the journal.
DELETE FROM projection_checkpoints WHERE name = 'postgres-ledger';
