"""The window of the ECG workstation: home, reading tabs, notices, report windows."""
