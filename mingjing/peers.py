"""`mingjing ae`: the DICOM peers known to a server."""

from __future__ import annotations

import argparse

from mingjing import session
from shared.contract.organisation import ListPeers, RemovePeer, SavePeer


def main(arguments: list[str]) -> int:
    """Add, list or remove peers."""
    parser = argparse.ArgumentParser(prog="mingjing ae", description=__doc__)
    words = parser.add_subparsers(dest="word", required=True)
    add = words.add_parser("add", help="add or change a peer")
    add.add_argument("ae_title")
    add.add_argument("host")
    add.add_argument("port", type=int, help="where the peer listens; 0 when it does not")
    add.add_argument("--description", default="")
    listing = words.add_parser("list", help="list all peers")
    remove = words.add_parser("remove", help="forget a peer")
    remove.add_argument("ae_title")
    for word in (add, listing, remove):
        session.add_options(word)
    options = parser.parse_args(arguments)

    def run() -> int:
        with session.signed_in(options) as client:
            if options.word == "add":
                client.call(
                    SavePeer(
                        ae_title=options.ae_title,
                        host=options.host,
                        port=options.port,
                        description=options.description,
                    )
                )
            elif options.word == "remove":
                client.call(RemovePeer(ae_title=options.ae_title))
            for peer in client.call(ListPeers()):
                print(f"{peer.ae_title:<18}{peer.host}:{peer.port}  {peer.description}")
        return 0

    return session.explain(run)
