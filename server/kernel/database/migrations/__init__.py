"""Alembic migrations, run by the server itself at start."""
