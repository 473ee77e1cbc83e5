"""Where the bytes of images lie: one port of five methods, with a folder and a memory store behind it."""
