"""Images that third parties offer over HTTP (VW-INT-02)."""
