"""Similar cases (相似病例) while writing."""
