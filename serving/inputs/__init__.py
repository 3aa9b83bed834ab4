"""What documents come as: text, pages, Word and PDF files, records in tables, and archives of these."""
