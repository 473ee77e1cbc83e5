"""The rules of queues on screen: one form, saved as a whole."""
