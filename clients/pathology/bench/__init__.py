"""What the grossing bench and the technical room share: the strip that answers scans, labels, sheets with preview."""
