"""Import and export of master data as workbooks: what a file would do, line by line, before anything is written."""
