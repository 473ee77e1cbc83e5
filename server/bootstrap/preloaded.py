"""What every process of the server needs, imported once before they branch off; see server.kernel.processes.context.

Importing this must start nothing: no thread, no socket, no file.
"""

from __future__ import annotations

import gc

import server.bootstrap.dicom
import server.bootstrap.indexing
import server.bootstrap.jobs
import server.bootstrap.web  # noqa: F401 - imported for those that branch off
from server.bootstrap import load_tables

load_tables()
gc.collect()
gc.freeze()  # so that the processes go on sharing these pages
