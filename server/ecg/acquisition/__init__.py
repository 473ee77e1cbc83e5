"""Acquisition: devices, bindings, tasks, uploads, traces that found no exam."""
