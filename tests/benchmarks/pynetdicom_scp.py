"""A storage SCP as pynetdicom's own documentation shows it: the data set is decoded and saved as a file.

python tests/benchmarks/pynetdicom_scp.py PORT FOLDER
"""

from __future__ import annotations

import sys
from pathlib import Path

from pynetdicom import AE, AllStoragePresentationContexts, evt
from pynetdicom.events import Event


def main() -> None:
    folder = Path(sys.argv[2])

    def handle_store(event: Event) -> int:
        dataset = event.dataset
        dataset.file_meta = event.file_meta
        dataset.save_as(folder / dataset.SOPInstanceUID, enforce_file_format=True)
        return 0x0000

    ae = AE()
    ae.maximum_associations = 100
    ae.supported_contexts = AllStoragePresentationContexts
    ae.start_server(("127.0.0.1", int(sys.argv[1])), evt_handlers=[(evt.EVT_C_STORE, handle_store)])


if __name__ == "__main__":
    main()
