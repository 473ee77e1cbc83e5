"""Fields of structured forms on screen: chips, lines, groups; for the report page and for the template editor."""
