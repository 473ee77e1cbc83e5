"""Labels and papers of the bench, drawn and kept as documents."""
