"""Pictures, video and voice of the open case: capture that survives a crash, the strip, calibrations, measuring."""
