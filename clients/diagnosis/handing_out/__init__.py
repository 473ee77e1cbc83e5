"""Handing out reports: those that wait for paper, many printed as one job, and the print log."""
