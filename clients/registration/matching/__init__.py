"""Images that match no exam, matched by hand (RIS-EX-05)."""
