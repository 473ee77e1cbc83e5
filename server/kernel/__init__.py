"""What every area stands on: database, notices, storage, clock, errors, dispatch. Knows no area and no door."""
