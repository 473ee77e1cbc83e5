"""The content that a new hospital starts with, in our own words; the department changes it on the screens."""
