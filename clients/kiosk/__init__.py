"""Self-service check-in: a full-screen page that patients use without help."""
