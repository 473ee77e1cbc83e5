"""Assisted reading: services outside, requests to them, their answers. Nothing here reads an image itself."""
