"""Statistics at the workstation: charts with tables beside them, and the same as a workbook."""
