"""What left with the report that is on the page: a panel of the right bar."""
