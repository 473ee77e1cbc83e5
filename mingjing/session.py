"""Options and sign-in that the commands talking to a server share."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from shared.contract.errors import RpcError
from shared.rpc.client import RpcClient, ZmqTransport
from shared.rpc.connection import BadConnectionString, Connection


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add --connect, --data, --user and --password-file."""
    parser.add_argument("--connect", metavar="STRING", help="connection string (default: $MINGJING_CONNECT)")
    parser.add_argument("--data", type=Path, help="data folder of a server on this machine, instead of --connect")
    parser.add_argument("--user", default="admin", help="login name (default: admin)")
    parser.add_argument("--password-file", type=Path, help="file whose first line is the password")


@contextmanager
def signed_in(options: argparse.Namespace) -> Iterator[RpcClient]:
    """Yield a client with an open session. Raises RpcError, or SystemExit with a sentence when an option is missing."""
    client = RpcClient(ZmqTransport(address(options)), station="command line", timeout_s=60)
    try:
        client.login(options.user, password_of(options))
        yield client
        client.logout()
    finally:
        client.close()


def explain(run: Callable[[], int]) -> int:
    """Run a command; an RpcError becomes one line on standard error and status 1."""
    try:
        return run()
    except RpcError as error:
        print(f"{error.code}: {error.body.message}", file=sys.stderr)
        return 1


def address(options: argparse.Namespace) -> Connection:
    """Where the server is, by --connect, the environment or --data. Raises SystemExit with a sentence."""
    text = options.connect or os.environ.get("MINGJING_CONNECT", "")
    if not text and options.data:
        path = options.data / "connection.txt"
        if not path.exists():
            raise SystemExit(f"{path} does not exist: is the server of this folder running?")
        text = path.read_text(encoding="utf-8")
    if not text:
        raise SystemExit("Which server? Give --connect STRING (the server prints it when it is ready) or --data DIR.")
    try:
        return Connection.parse(text)
    except BadConnectionString as error:
        raise SystemExit(str(error)) from error


def password_of(options: argparse.Namespace) -> str:
    """The password of --password-file, of --data or typed. Raises SystemExit with a sentence."""
    path: Path | None = options.password_file
    if path is None and options.data:
        path = options.data / "secrets" / "admin-password"
    if path is None:
        if sys.stdin.isatty():
            import getpass

            return getpass.getpass(f"Password of {options.user}: ")
        raise SystemExit("Give --password-file FILE (a password on the command line would be seen by others).")
    try:
        return path.read_text(encoding="utf-8").splitlines()[0].strip()
    except (OSError, IndexError) as error:
        raise SystemExit(f"No password can be read from {path}.") from error
