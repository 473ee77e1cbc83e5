"""Remote consultation: the page of both lists, the panel beside the report, teams, the strip of notices."""
