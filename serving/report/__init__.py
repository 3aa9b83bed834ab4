"""A report on scored tables: figures of an archive, as one page to read and as CSV."""
