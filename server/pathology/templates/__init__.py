"""Report templates, field prompts, TBS descriptors, markers and panels of pathology."""
