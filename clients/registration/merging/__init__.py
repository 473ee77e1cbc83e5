"""患者合并: two records of one person side by side, joined or separated with a reason and a trace (RIS-EX-05)."""
