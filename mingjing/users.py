"""`mingjing user`: the accounts of a server."""

from __future__ import annotations

import argparse
from pathlib import Path

from mingjing import session
from shared.contract.identity import CreateUser, ListUsers, SetUserActive
from shared.domain.permissions import ROLES


def main(arguments: list[str]) -> int:
    """Add, list, disable or enable accounts."""
    parser = argparse.ArgumentParser(prog="mingjing user", description=__doc__)
    words = parser.add_subparsers(dest="word", required=True)
    add = words.add_parser("add", help="create an account")
    add.add_argument("login")
    add.add_argument("name", help="name as it stands on reports")
    add.add_argument("roles", nargs="+", choices=sorted(ROLES))
    add.add_argument("--new-password-file", type=Path, required=True, help="file whose first line is its password")
    listing = words.add_parser("list", help="list all accounts")
    disable = words.add_parser("disable", help="close an account")
    disable.add_argument("login")
    enable = words.add_parser("enable", help="open a closed account")
    enable.add_argument("login")
    for word in (add, listing, disable, enable):
        session.add_options(word)
    options = parser.parse_args(arguments)

    def run() -> int:
        with session.signed_in(options) as client:
            if options.word == "add":
                password = options.new_password_file.read_text(encoding="utf-8").splitlines()[0].strip()
                client.call(
                    CreateUser(login=options.login, name=options.name, password=password, roles=tuple(options.roles))
                )
            users = client.call(ListUsers())
            if options.word in {"disable", "enable"}:
                chosen = [user for user in users if user.login == options.login]
                if not chosen:
                    raise SystemExit(f"there is no account {options.login!r}")
                client.call(SetUserActive(user_id=chosen[0].id, is_active=options.word == "enable"))
                users = client.call(ListUsers())
            for user in users:
                print(
                    f"{user.login:<20}{user.name:<16}{','.join(user.roles):<30}{'' if user.is_active else 'disabled'}"
                )
        return 0

    return session.explain(run)
