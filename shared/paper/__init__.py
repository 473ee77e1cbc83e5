"""Printed documents as both sides know them: templates, facts, and the one layout of preview and print."""
