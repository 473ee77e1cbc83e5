"""Drawing without a mouse (VW-EX-09)."""
