"""Statistics: turn-around, workload, positive rate, quality and returns, counted from the rows as they stand."""
