"""Waiting halls: what their displays show and say, and what people must know of a room."""
