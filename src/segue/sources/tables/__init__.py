"""Tables in CSV and parquet: decoding, dialects, columns, values."""
