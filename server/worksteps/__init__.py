"""Unified procedure steps (PS3.4 CC): the task queue that programs share over UPS-RS."""
