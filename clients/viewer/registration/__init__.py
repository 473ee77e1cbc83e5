"""Registration of series: found automatically or by hand, in force for the session, kept for the next time."""
