"""Where things lie in a data folder."""

from __future__ import annotations

from pathlib import Path


class Folders:
    """The data folder's plan. Nothing else in the server names a path in it."""

    def __init__(self, data: Path) -> None:
        self.data = data.resolve()
        self.secrets = self.data / "secrets"
        self.logs = self.data / "logs"
        self.archive = self.data / "archive"
        self.inbox = self.data / "archive" / "inbox"
        self.spool = self.data / "archive" / "spool"
        self.workshop = self.data / "archive" / "workshop"  # half-done work of the keeping of images
        self.documents = self.data / "documents"
        self.films = self.data / "films"  # composed sheets that wait for a printer, or may be printed again
        self.uploads = self.data / "exchange" / "uploads"
        self.exports = self.data / "exchange" / "exports"
        self.web_cache = self.data / "cache" / "web"
        self.metrics = self.data / "run" / "metrics"
        self.connection_file = self.data / "connection.txt"
        self.admin_password_file = self.secrets / "admin-password"
        self.curve_key_file = self.secrets / "curve-key"
        self.notice_topic_file = self.secrets / "notice-topic"
        self.signing_key_file = self.secrets / "signing-key"  # opens the private keys that reports are signed with

    def make(self) -> None:
        """Create the folders that are missing."""
        for folder in (self.secrets, self.logs, self.archive, self.inbox, self.spool, self.workshop, self.documents):
            folder.mkdir(parents=True, exist_ok=True)
        for folder in (self.uploads, self.exports):
            folder.mkdir(parents=True, exist_ok=True)
