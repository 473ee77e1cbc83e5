"""The error of packed records."""


class CompactError(ValueError):
    """The bytes are no packed record, or damaged; the sentence says which."""
