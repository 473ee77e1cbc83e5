"""Reformatting in the viewer: MPR, CPR, vessels and other planes of a series."""
