"""What the MLLP door needs of whoever understands the messages, and its limits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from shared.hl7.mllp import MAX_MESSAGE


class MessageDesk(Protocol):
    """Answers messages; may be called from many threads."""

    def admits(self, address: str, *, is_tls: bool) -> bool:
        """Whether a caller of this address may speak at all."""

    def take(self, data: bytes, address: str, *, is_tls: bool) -> list[bytes]:
        """Return the acknowledgements of a message, in order; a positive one only when what it asks is durable."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of the door; times in seconds."""

    connections: int = 64
    connections_of_address: int = 16
    message_bytes: int = MAX_MESSAGE
    message_s: float = 30.0  # from the first byte of a message to its last
    idle_s: float = 3600.0  # without a byte: hospital systems keep their connections open
    handshake_s: float = 10.0
    send_s: float = 30.0
