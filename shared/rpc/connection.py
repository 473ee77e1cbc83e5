"""The connection string: where the server's sockets are and which key proves that it is the server."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qs, urlencode, urlsplit

_SCHEME = "mingjing"
_KEY = re.compile(r"^[0-9a-f]{64}$")


class BadConnectionString(ValueError):
    """The text is no connection string; the message says what is wrong."""


@dataclass(frozen=True, slots=True)
class Connection:
    """Host, four ports and the server's CURVE public key (32 bytes).

    As text: ``mingjing://HOST:REQUESTS?urgent=…&notices=…&bulk=…&key=HEX``.
    """

    host: str
    requests: int
    urgent: int
    notices: int
    bulk: int
    public_key: bytes

    def __str__(self) -> str:
        query = urlencode(
            {"urgent": self.urgent, "notices": self.notices, "bulk": self.bulk, "key": self.public_key.hex()}
        )
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{_SCHEME}://{host}:{self.requests}?{query}"

    @classmethod
    def parse(cls, text: str) -> Connection:
        """Read a connection string. Raises BadConnectionString."""
        try:
            parts = urlsplit(text.strip())
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            if parts.scheme != _SCHEME or not parts.hostname or not parts.port:
                raise ValueError("it must start with mingjing://HOST:PORT")
            if not _KEY.match(query.get("key", "")):
                raise ValueError("the server's key (key=…, 64 hexadecimal digits) is missing")
            return cls(
                host=parts.hostname,
                requests=parts.port,
                urgent=int(query.get("urgent", parts.port + 1)),
                notices=int(query.get("notices", parts.port + 2)),
                bulk=int(query.get("bulk", parts.port + 3)),
                public_key=bytes.fromhex(query["key"]),
            )
        except ValueError as error:
            raise BadConnectionString(f"This is not a connection string of a Mingjing server: {error}") from error

    def endpoint(self, port: int) -> str:
        """Return the ZeroMQ address of one of the ports."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"tcp://{host}:{port}"
