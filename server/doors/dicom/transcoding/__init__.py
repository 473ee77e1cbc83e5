"""Writes objects in other transfer syntaxes without loss: the codecs' work, and the child process it runs in."""
