-- One location's SKUs in their order, page by page. Its columns never change, so rows are still updated in place.
CREATE INDEX stock_locations_by_location ON stock_locations (location_id, sku);
