"""统计: counts, times and agreement by month, hospital and doctor."""
