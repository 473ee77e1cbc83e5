"""Hanging: laying out a study and its priors by protocols, and learning protocols from what the reader shows."""
