"""Read tables in CSV and parquet: one reader for datasets and for imported histories.

- `decoding`: bytes of any encoding to UTF-8
- `csv_records`: text to records, with recovery from quotes that are never closed
- `columns`: column names and separators
- `values`, `column_values`: cells to numbers, times and truth values, one by one or by column
- `table`: whole tables
"""
