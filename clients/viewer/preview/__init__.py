"""A pop-up with a series, opened by a right click on its thumbnail (VW-PRE)."""
