-- A tenant's own incidents: those of SKUs that begin with its name.
CREATE INDEX incidents_by_sku ON incidents (sku, position);
