"""Remote consultation, and reports that another hospital writes: teams, requests, opinions, notices."""
