"""The queue of each room, calling, and what the hall display shows."""
