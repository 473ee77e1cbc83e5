"""Devices and their bindings, orphan traces, consultation teams."""
