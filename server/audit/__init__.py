"""The audit log: every call, tied together by a chain of hashes."""
