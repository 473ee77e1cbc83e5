"""Printed documents as both sides know them: kinds, templates, facts, and the one layout that preview and print share."""
