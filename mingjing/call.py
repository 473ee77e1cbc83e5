"""`mingjing call`: any method of the contract from the command line, described from the contract itself."""

from __future__ import annotations

import argparse
import json
import sys

import msgspec

from mingjing import session
from shared.contract.base import all_requests, reply_type


def main(arguments: list[str]) -> int:
    """Call a method and print its reply as JSON; `--list` and `--schema` need no server."""
    parser = argparse.ArgumentParser(prog="mingjing call", description=__doc__)
    parser.add_argument("method", nargs="?", help="for example exams.list")
    parser.add_argument("json", nargs="?", default="{}", help="the request as JSON; - reads standard input")
    parser.add_argument("--list", action="store_true", help="list all methods")
    parser.add_argument("--schema", metavar="METHOD", help="print the JSON schema of request and reply")
    parser.add_argument("--key", default="", help="idempotency key of a command")
    session.add_options(parser)
    options = parser.parse_args(arguments)
    requests = all_requests()
    if options.list:
        for name, request in requests.items():
            kind = "command" if request.is_command else "query"
            first_line = (request.__doc__ or "").strip().splitlines()[0]
            print(f"{name:<42} {kind:<8} {request.permission:<26} {first_line}")
        return 0
    name = options.schema or options.method
    if not name:
        parser.error("name a method, or use --list")
    if name not in requests:
        print(f"there is no method {name!r}; `mingjing call --list` shows all", file=sys.stderr)
        return 2
    if options.schema:
        schema = {
            "method": name,
            "description": requests[name].__doc__,
            "request": msgspec.json.schema(requests[name]),
            "reply": msgspec.json.schema(reply_type(requests[name])),
        }
        print(json.dumps(schema, ensure_ascii=False, indent=2))
        return 0
    text = sys.stdin.read() if options.json == "-" else options.json
    try:
        body = msgspec.json.decode(text, type=requests[name])
    except msgspec.MsgspecError as error:
        print(f"the request does not fit the contract: {error} (see: mingjing call --schema {name})", file=sys.stderr)
        return 2

    def run() -> int:
        with session.signed_in(options) as client:
            reply = client.call(body, key=options.key)
        print(msgspec.json.format(msgspec.json.encode(reply), indent=2).decode())
        return 0

    return session.explain(run)
