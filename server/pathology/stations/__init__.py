"""The workstations themselves: who enters which library, what stations follow, papers of reception."""
