"""`mingjing token`: API tokens of programs that use the archive over the web (DICOMweb)."""

from __future__ import annotations

import argparse

from mingjing import session
from shared.contract.access import AccessScope, AddToken, ListTokens, RevokeToken, TokenView


def main(arguments: list[str]) -> int:
    """Add, list or revoke tokens."""
    parser = argparse.ArgumentParser(prog="mingjing token", description=__doc__)
    words = parser.add_subparsers(dest="word", required=True)
    add = words.add_parser("add", help="make a token and print its secret, this one time")
    add.add_argument("name", help="which program it is for")
    add.add_argument("scopes", nargs="+", choices=[scope.value for scope in AccessScope])
    add.add_argument("--days", type=int, default=365, help="until it expires (default 365; 0: never)")
    listing = words.add_parser("list", help="list all tokens")
    revoke = words.add_parser("revoke", help="end a token")
    revoke.add_argument("name")
    for word in (add, listing, revoke):
        session.add_options(word)
    options = parser.parse_args(arguments)

    def run() -> int:
        with session.signed_in(options) as client:
            if options.word == "add":
                scopes = tuple(AccessScope(scope) for scope in options.scopes)
                print(client.call(AddToken(name=options.name, scopes=scopes, days=options.days)).secret)
                return 0
            tokens = client.call(ListTokens())
            if options.word == "revoke":
                live = [token for token in tokens if token.name == options.name and token.is_active]
                if not live:
                    raise SystemExit(f"there is no active token {options.name!r}")
                for token in live:
                    client.call(RevokeToken(token_id=token.id))
                tokens = client.call(ListTokens())
            for token in tokens:
                print(_line(token))
        return 0

    return session.explain(run)


def _line(token: TokenView) -> str:
    until = token.expires_at.strftime("%Y-%m-%d") if token.expires_at else "for ever"
    used = token.last_used_at.strftime("%Y-%m-%d %H:%M UTC") if token.last_used_at else "never"
    state = "" if token.is_active else "ended"
    return (
        f"{token.name:<40}{token.hint}…  {','.join(token.scopes):<16}until {until:<12}used {used:<22}{state}".rstrip()
    )
