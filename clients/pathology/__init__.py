"""The workstations of pathology: registration, grossing, preparation, diagnosis, archive."""
