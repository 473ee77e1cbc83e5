"""Dictation: a port for speech engines, spoken commands, and words that land at the cursor; knows no Qt."""
