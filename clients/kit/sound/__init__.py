"""Microphones: a port, devices by PyAudio, a virtual one, recording with a level meter, lossless files."""
