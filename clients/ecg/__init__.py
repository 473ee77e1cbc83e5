"""The ECG workstation: lists, registration, acquisition, reading, consultation."""
