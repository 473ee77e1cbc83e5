"""Secure transport (PS3.15 B.12, the non-downgrading BCP 195 RFC 9325 profile): TLS 1.2 and 1.3 under associations.

A :class:`TlsConnection` is a :class:`Connection` whose bytes go through Python's ``ssl``. The handshake runs in the
association's own thread and under the ARTIM limit, so a peer that stalls it costs one thread and no listener.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import time
from collections.abc import Sequence
from typing import Final

from server.doors.dicom.dimse import Assembler
from server.doors.dicom.ports import TlsFiles
from server.doors.dicom.transport import Connection, ConnectionEnded

CIPHERS_1_2: Final = ":".join(
    (
        "ECDHE-ECDSA-AES128-GCM-SHA256",
        "ECDHE-RSA-AES128-GCM-SHA256",
        "ECDHE-ECDSA-AES256-GCM-SHA384",
        "ECDHE-RSA-AES256-GCM-SHA384",
    )
)
"""What RFC 9325 4.2 recommends for TLS 1.2: forward secrecy and authenticated encryption. TLS 1.3 has no others."""

RECORD: Final = 16384
"""Bytes of one TLS record; small pieces are joined up to this size before they are encrypted."""


ALERT_S: Final = 1.0


class TlsRefused(Exception):
    """The secure connection did not come about; the sentence says why and what to check, without any secret."""


def server_context(files: TlsFiles) -> ssl.SSLContext:
    """The context of a listening port. Raises ValueError with a sentence when a file is missing or unusable."""
    if files.certificate is None or files.key is None:
        raise ValueError("A DICOM TLS port needs a certificate and its private key")
    if files.require_client and files.authorities is None:
        raise ValueError("Mutual authentication needs the authorities whose certificates the peers have")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    _prepare(context, files)
    if files.authorities is not None:
        context.verify_mode = ssl.CERT_REQUIRED if files.require_client else ssl.CERT_OPTIONAL
    context.num_tickets = 0  # associations are long; tickets would only be read as data by some old peers
    return context


def client_context(files: TlsFiles) -> ssl.SSLContext:
    """The context of outgoing associations: the peer's certificate must come from a trusted authority.

    Raises ValueError with a sentence when a file is missing or unusable.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    # devices are entered by address, and their certificates seldom name it: the authority is what is trusted
    context.check_hostname = files.check_host
    _prepare(context, files)
    if files.authorities is None:
        context.load_default_certs()
    return context


def _prepare(context: ssl.SSLContext, files: TlsFiles) -> None:
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(CIPHERS_1_2)
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION | ssl.OP_CIPHER_SERVER_PREFERENCE
    try:
        if files.certificate is not None:
            context.load_cert_chain(files.certificate, files.key, password=_no_password)
    except (OSError, ssl.SSLError) as error:
        raise ValueError(f"The TLS certificate or its key cannot be used ({_reason(error)})") from None
    try:
        if files.authorities is not None:
            context.load_verify_locations(cafile=files.authorities)
    except (OSError, ssl.SSLError) as error:
        raise ValueError(f"The TLS authorities cannot be read ({_reason(error)})") from None


def _no_password() -> str:
    """A key with a password would make OpenSSL ask at the console of a server."""
    return ""


class TlsConnection(Connection):
    """A connection whose bytes are encrypted; :meth:`handshake` comes first."""

    def __init__(self, sock: ssl.SSLSocket, assembler: Assembler, *, artim_s: float, idle_s: float) -> None:
        super().__init__(sock, assembler, artim_s=artim_s, idle_s=idle_s)
        self._secure = sock
        self._scatter = self._gather = False
        self._longest = max(artim_s, idle_s)
        self._handshake_s = artim_s

    def handshake(self) -> None:
        """Agree on keys and check certificates; raises :class:`TlsRefused` with the reason."""
        end = time.monotonic() + self._handshake_s
        try:
            self._secure.settimeout(self._handshake_s)
            self._secure.do_handshake()
        except TimeoutError:
            raise TlsRefused("the peer did not complete the TLS handshake in time") from None
        except ssl.SSLCertVerificationError as error:
            self._let_the_alert_arrive()
            raise TlsRefused(f"the certificate of the peer was refused: {error.verify_message}") from None
        except ssl.SSLError as error:
            self._let_the_alert_arrive()
            raise TlsRefused(_explained(error)) from None
        except (OSError, ValueError) as error:
            raise TlsRefused(
                f"the peer closed the connection during the TLS handshake ({type(error).__name__})"
            ) from None
        if time.monotonic() > end + 1.0:  # the socket's limit is for one read; a dripping peer may stretch it a little
            raise TlsRefused("the TLS handshake took too long")

    def _let_the_alert_arrive(self) -> None:
        """Read what the peer still sends, shortly: a socket closed over unread bytes resets the connection, and the
        alert that says why would be lost on the way."""
        end = time.monotonic() + ALERT_S
        with contextlib.suppress(OSError):
            socket.socket.shutdown(self._secure, socket.SHUT_WR)
            while (left := end - time.monotonic()) > 0:
                self._secure.settimeout(left)
                if not socket.socket.recv(self._secure, 4096):
                    return

    @property
    def version(self) -> str:
        """What was agreed, for the log: "TLSv1.3"."""
        return self._secure.version() or ""

    def interrupt(self) -> None:
        """See :meth:`Connection.interrupt`."""
        self._shut(socket.SHUT_RD)

    def break_off(self) -> None:
        """See :meth:`Connection.break_off`."""
        self._shut(socket.SHUT_RDWR)

    def _shut(self, how: int) -> None:
        self._interrupted = True
        try:
            socket.socket.shutdown(self._secure, how)  # SSLSocket's own would forget the session under the reader
        except OSError:
            return

    def _set_timeout(self, seconds: float) -> None:
        if seconds != self._timeout:
            self._timeout = seconds
            self._secure.settimeout(seconds if seconds > 0 else None)

    def _receive_into(self, views: Sequence[memoryview]) -> int:
        try:
            return self._secure.recv_into(views[0])
        except ssl.SSLWantReadError:
            raise BlockingIOError from None
        except ssl.SSLError as error:
            raise ConnectionEnded(_explained(error)) from None

    def _readable(self, seconds: float = 0.0) -> bool:
        return self._secure.pending() > 0 or super()._readable(seconds)

    def flush(self) -> None:
        """See :meth:`Connection.flush`; small pieces are joined to records."""
        out = self.upper.take_output()
        if not out:
            return
        try:
            self._secure.settimeout(self._longest)
            self._timeout = -1.0
            pieces: list[bytes | memoryview] = []
            size = 0
            for piece in out:
                if len(piece) >= RECORD and not pieces:
                    self._secure.sendall(piece)
                    continue
                pieces.append(piece)
                size += len(piece)
                if size >= RECORD:
                    self._secure.sendall(b"".join(pieces))
                    pieces, size = [], 0
            if pieces:
                self._secure.sendall(b"".join(pieces))
        except (OSError, ValueError) as error:
            self.upper.close_transport = True
            raise ConnectionEnded(f"the connection broke while sending ({type(error).__name__})") from None


def accept_tls(
    client: socket.socket, context: ssl.SSLContext, assembler: Assembler, *, artim_s: float, idle_s: float
) -> TlsConnection:
    """The connection of an accepted socket, before its handshake."""
    client.setblocking(True)
    secure = context.wrap_socket(client, server_side=True, do_handshake_on_connect=False, suppress_ragged_eofs=True)
    return TlsConnection(secure, assembler, artim_s=artim_s, idle_s=idle_s)


def open_tls_connection(
    host: str,
    port: int,
    assembler: Assembler,
    context: ssl.SSLContext,
    *,
    connect_s: float,
    artim_s: float,
    idle_s: float,
) -> TlsConnection:
    """A secure connection to a peer. Raises OSError when it cannot be made at all, :class:`TlsRefused` with a reason
    when the handshake fails."""
    sock = socket.create_connection((host, port), timeout=connect_s)
    try:
        secure = context.wrap_socket(sock, server_hostname=host, do_handshake_on_connect=False)
    except (OSError, ValueError):
        sock.close()
        raise
    connection = TlsConnection(secure, assembler, artim_s=artim_s, idle_s=idle_s)
    try:
        connection.handshake()
    except TlsRefused:
        secure.close()
        raise
    return connection


def _reason(error: OSError) -> str:
    if isinstance(error, ssl.SSLError):
        return (error.reason or "no PEM file").lower().replace("_", " ")
    return error.strerror or type(error).__name__


_WORDS: Final = {
    "HTTP_REQUEST": "the peer spoke HTTP on the DICOM TLS port",
    "WRONG_VERSION_NUMBER": "the peer spoke no TLS; switch TLS on there, or use the plain DICOM port",
    "RECORD_LAYER_FAILURE": "the peer spoke no TLS; switch TLS on there, or use the plain DICOM port",
    "NO_SHARED_CIPHER": "the peer offers no cipher suite that is still safe",
    "UNSUPPORTED_PROTOCOL": "the peer offers only TLS versions before 1.2",
    "PEER_DID_NOT_RETURN_A_CERTIFICATE": "the peer showed no certificate, and one is required here",
    "TLSV1_ALERT_UNKNOWN_CA": "the peer does not trust the authority of our certificate",
    "SSLV3_ALERT_BAD_CERTIFICATE": "the peer refused our certificate",
    "SSLV3_ALERT_CERTIFICATE_EXPIRED": "the peer says that our certificate has expired",
    "SSLV3_ALERT_CERTIFICATE_UNKNOWN": "the peer refused our certificate",
    "SSLV3_ALERT_HANDSHAKE_FAILURE": "the peer found no common TLS version or cipher suite",
    "TLSV13_ALERT_CERTIFICATE_REQUIRED": "the peer requires a certificate of ours; set one for outgoing associations",
    "TLSV1_ALERT_PROTOCOL_VERSION": "the peer does not speak the TLS versions that are still safe",
}


def _explained(error: ssl.SSLError) -> str:
    """A sentence for the log from OpenSSL's reason."""
    if isinstance(error, ssl.SSLEOFError):
        return "the peer closed the connection during the TLS handshake"
    reason = error.reason or ""
    return _WORDS.get(reason, f"TLS failed ({reason.lower().replace('_', ' ') or type(error).__name__})")
