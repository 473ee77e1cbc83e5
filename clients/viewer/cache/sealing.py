"""One kept item as a file: its name and its bytes, both telling nothing without the key."""

from __future__ import annotations

import hashlib
import os

from clients.viewer.cache.ports import Item, Kept

MAGIC = b"MJC1"
_NONCE = 12
_HEAD = len(MAGIC) + _NONCE + 1  # and the transfer syntax with its length
_TAG = 16
LONGEST = (1 << 30) + (1 << 20)


class Seal:
    """AES-256-GCM; the item's identity is authenticated with the bytes, so that files cannot be exchanged."""

    def __init__(self, key: bytes, server: str) -> None:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        self._cipher = AESGCM(hashlib.blake2b(b"seal", key=key, digest_size=32).digest())
        self._naming = hashlib.blake2b(b"name", key=key, digest_size=32).digest()
        self._server = server

    def folder_of(self, study_uid: str) -> str:
        """Name of the folder for a study of this server."""
        return self._named(self._server, study_uid)

    def name_of(self, item: Item) -> str:
        """Name of the file in that folder."""
        return self._named(item.uid, str(item.frame), item.version)

    def _named(self, *parts: str) -> str:
        text = "\0".join(parts).encode()
        return hashlib.blake2b(text, key=self._naming, digest_size=16).hexdigest()

    def close(self, item: Item, data: bytes | memoryview, transfer_syntax: str) -> tuple[bytes, bytes]:
        """Head and sealed bytes, to be written one after the other."""
        syntax = transfer_syntax.encode("ascii", "replace")[:64]
        nonce = os.urandom(_NONCE)
        head = MAGIC + nonce + bytes([len(syntax)]) + syntax
        return head, self._cipher.encrypt(nonce, data, self._identity(item, syntax))

    def open(self, item: Item, content: bytes) -> Kept | None:
        """None when the content is not what was kept for ``item`` with this key."""
        from cryptography.exceptions import InvalidTag

        if len(content) < _HEAD + _TAG or content[: len(MAGIC)] != MAGIC:
            return None
        start = _HEAD + content[_HEAD - 1]
        syntax = content[_HEAD:start]
        nonce = content[len(MAGIC) : _HEAD - 1]
        try:
            data = self._cipher.decrypt(nonce, memoryview(content)[start:], self._identity(item, syntax))
        except (InvalidTag, ValueError):
            return None
        return Kept(memoryview(data), syntax.decode("ascii", "replace"))

    def _identity(self, item: Item, syntax: bytes) -> bytes:
        parts = (self._server, item.study_uid, item.uid, str(item.frame), item.version)
        return "\0".join(parts).encode() + b"\0" + syntax
