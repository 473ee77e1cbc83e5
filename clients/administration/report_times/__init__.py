"""Time limits of reports on screen: one form, saved as a whole."""
