"""Spoken announcements without a network: voices, the reading of names and numbers, players and the queue of calls."""
