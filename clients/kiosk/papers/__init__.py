"""Self-service printing of reports: scan, prove, print."""
