"""Technical and special orders of pathology: placing, executing, results, prices, reagents, work sheets."""
