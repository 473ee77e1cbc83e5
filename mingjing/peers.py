"""`mingjing ae`: the DICOM peers known to a server."""

from __future__ import annotations

import argparse

from mingjing import session
from shared.contract.organisation import ListPeers, PeerView, RemovePeer, SavePeer


def main(arguments: list[str]) -> int:
    """Add, list or remove peers."""
    parser = argparse.ArgumentParser(prog="mingjing ae", description=__doc__)
    words = parser.add_subparsers(dest="word", required=True)
    add = words.add_parser("add", help="add or change a peer")
    add.add_argument("ae_title")
    add.add_argument("host")
    add.add_argument("port", type=int, help="where the peer listens; 0 when it does not")
    add.add_argument("--description", default="")
    add.add_argument("--no-store", dest="may_store", action="store_false", help="it may not send images")
    add.add_argument("--no-query", dest="may_query", action="store_false", help="it may not query the archive")
    add.add_argument("--no-retrieve", dest="may_retrieve", action="store_false", help="it may not retrieve images")
    add.add_argument("--no-worklist", dest="may_use_worklist", action="store_false", help="it gets no worklist")
    add.add_argument(
        "--no-steps", dest="may_report_steps", action="store_false", help="it may not report procedure steps (MPPS)"
    )
    add.add_argument(
        "--no-commitment",
        dest="may_request_commitment",
        action="store_false",
        help="it may not ask for storage commitment",
    )
    add.add_argument("--tls", action="store_true", help="it is called by TLS, and must call by TLS")
    add.add_argument("--character-set", default="", help="of answers, for example GB18030; empty: as it asks")
    add.add_argument("--ascii-names", action="store_true", help="it knows ASCII only: names go to it in pinyin")
    add.add_argument(
        "--transfer-syntax",
        dest="transfer_syntaxes",
        action="append",
        default=[],
        metavar="UID",
        help="convert images to this syntax when they are sent to it, without loss; may be given several times",
    )
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
                        may_store=options.may_store,
                        may_query=options.may_query,
                        may_retrieve=options.may_retrieve,
                        may_use_worklist=options.may_use_worklist,
                        may_report_steps=options.may_report_steps,
                        may_request_commitment=options.may_request_commitment,
                        tls=options.tls,
                        character_set=options.character_set,
                        ascii_names=options.ascii_names,
                        transfer_syntaxes=tuple(options.transfer_syntaxes),
                    )
                )
            elif options.word == "remove":
                client.call(RemovePeer(ae_title=options.ae_title))
            for peer in client.call(ListPeers()):
                print(f"{peer.ae_title:<18}{peer.host}:{peer.port}  {_profile(peer)}{peer.description}")
        return 0

    return session.explain(run)


def _profile(peer: PeerView) -> str:
    """What is unusual about a peer, in short words."""
    words = [
        word
        for word, is_so in (
            ("tls", peer.tls),
            ("ascii-names", peer.ascii_names),
            (f"charset={peer.character_set}", bool(peer.character_set)),
            ("no-store", not peer.may_store),
            ("no-query", not peer.may_query),
            ("no-retrieve", not peer.may_retrieve),
            ("no-worklist", not peer.may_use_worklist),
            ("no-steps", not peer.may_report_steps),
            ("no-commitment", not peer.may_request_commitment),
            (f"syntaxes={','.join(peer.transfer_syntaxes)}", bool(peer.transfer_syntaxes)),
        )
        if is_so
    ]
    return f"[{' '.join(words)}]  " if words else ""
