"""Private keys at rest: sealed by AES-256-GCM (NIST SP 800-38D) with a key that lies in the data folder's secrets."""

from __future__ import annotations

import os

from server.kernel.errors import Refusal
from shared.contract.errors import ErrorCode

KEY_BYTES = 32
_NONCE_BYTES = 12
_FORMAT = b"MK1"


class KeyRing:
    """Seals and opens private keys. The secrets folder is part of every backup, so a restored server signs on."""

    def __init__(self, master_key: bytes) -> None:
        if len(master_key) != KEY_BYTES:
            raise ValueError(f"the key of the key ring must have {KEY_BYTES} bytes, not {len(master_key)}")
        self._master_key = master_key

    def seal(self, private_key: bytes, purpose: str) -> bytes:
        """Return `private_key` (DER, PKCS#8) sealed for `purpose`; it opens for the same purpose only."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        nonce = os.urandom(_NONCE_BYTES)
        return _FORMAT + nonce + AESGCM(self._master_key).encrypt(nonce, private_key, purpose.encode())

    def open(self, sealed: bytes, purpose: str) -> bytes:
        """Return the private key; raises UNAVAILABLE when the secrets folder holds another key."""
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        begin = len(_FORMAT) + _NONCE_BYTES
        try:
            if not sealed.startswith(_FORMAT):
                raise InvalidTag
            return AESGCM(self._master_key).decrypt(sealed[len(_FORMAT) : begin], sealed[begin:], purpose.encode())
        except InvalidTag as fault:
            raise Refusal(
                ErrorCode.UNAVAILABLE, "签名密钥无法打开：数据目录的 secrets 与数据库不配套，请联系管理员。"
            ) from fault


def new_master_key() -> bytes:
    """A key for a new key ring."""
    return os.urandom(KEY_BYTES)
