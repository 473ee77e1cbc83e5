"""Routing: rules that send studies on, a queue that survives restarts, and changes of attributes on the way."""
