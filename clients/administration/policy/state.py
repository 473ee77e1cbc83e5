"""What the page of times shows; frozen, without Qt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class PolicyState:
    """The values of the form as they stand on the server (`edition` rises with them), and how saving goes."""

    values: Mapping[str, Any] = field(default_factory=dict)
    edition: int = 0
    about: str = ""  # who changed them last, and when
    status: str = ""  # what compression has done
    is_loading: bool = False
    is_busy: bool = False
    problems: Mapping[str, str] = field(default_factory=dict)
    trouble: str = ""
