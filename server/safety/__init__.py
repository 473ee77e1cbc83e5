"""Safety questions before an exam, and what patients answered (RIS-EX-11)."""
