"""The checker on screen: alarms of a text being written, what became of them, switches and words of the house."""
