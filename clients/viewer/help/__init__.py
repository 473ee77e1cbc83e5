"""What the reader must know before relying on the pictures (VW-SAF)."""
