"""Kinds of rows that administrators keep: their fields as data, and what each kind must say of itself."""
