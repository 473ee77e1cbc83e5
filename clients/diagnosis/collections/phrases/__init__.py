"""The phrase library (词条) as an Excel workbook."""
