"""The diagnosis workstation: the list of exams to report, and the page where reports are written and audited."""
