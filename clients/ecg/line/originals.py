"""A vendor's record of several files (WFDB: header and signals) travels as one original."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import PurePath


def one_original(name: str, data: bytes, beside: Mapping[str, bytes]) -> tuple[str, bytes]:
    """The file as it came; with others beside it all of them in a ZIP named after it, alike for alike files."""
    if not beside:
        return name, data
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for each, content in sorted({name: data, **beside}.items()):
            archive.writestr(zipfile.ZipInfo(PurePath(each).name), content, zipfile.ZIP_DEFLATED)
    return f"{PurePath(name).stem}.zip", made.getvalue()
