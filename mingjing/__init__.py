"""The command line of the suite: one word per program, each loaded only when it is called."""
