"""Waiting halls: what their displays show and how they speak."""
