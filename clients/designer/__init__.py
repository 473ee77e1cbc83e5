"""The designer of printed documents: canvas, properties, history, and a preview that is what prints."""
