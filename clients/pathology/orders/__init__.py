"""Technical and special orders: placing them, what became of them, results, work sheets, billing."""
