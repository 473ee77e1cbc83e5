"""Acquisition of ECGs: devices as ports, their adapters and simulator, the dialog with the quality gate."""
