"""QIDO-RS (PS3.18 10.6): searching for studies, series and instances."""

from __future__ import annotations

import time
from typing import Any

from starlette.responses import Response

from server.doors.web.dicomweb import answers
from server.doors.web.dicomweb.calls import Call, Service
from server.doors.web.dicomweb.dictionary import keyword_of, tag_of, vr_of
from server.doors.web.dicomweb.model import person_name
from server.doors.web.dicomweb.ports import Answer, Json, Refusal
from server.kernel.metrics import METRICS

DEFAULT_LIMIT = 200

_STUDY = (
    0x00080020, 0x00080030, 0x00080050, 0x00080056, 0x00080061, 0x00080090, 0x00080201, 0x00100010, 0x00100020,
    0x00100030, 0x00100040, 0x0020000D, 0x00200010, 0x00201206, 0x00201208,
)  # fmt: skip
_STUDY_MORE = (0x00080062, 0x00081030, 0x00100021, 0x00101010)
_SERIES = (0x00080060, 0x0008103E, 0x0020000E, 0x00200011, 0x00201209)
_SERIES_MORE = (
    0x00080021, 0x00080031, 0x00080070, 0x00080080, 0x00081010, 0x00081090, 0x00180015, 0x00181030, 0x00200052,
    0x00200060,
)  # fmt: skip
_INSTANCE = (0x00080016, 0x00080018, 0x00200013, 0x00280008, 0x00280010, 0x00280011, 0x00280100)
_INSTANCE_MORE = (
    0x00080008, 0x00080022, 0x00080023, 0x00080032, 0x00080033, 0x00083002, 0x00200012, 0x00200032, 0x00200037,
    0x00201041,
)  # fmt: skip
_LEVELS = {
    "STUDY": ((_STUDY, _STUDY_MORE),),
    "SERIES": ((_SERIES, _SERIES_MORE), (_STUDY, _STUDY_MORE)),
    "IMAGE": ((_INSTANCE, _INSTANCE_MORE), (_SERIES, _SERIES_MORE), (_STUDY, _STUDY_MORE)),
}
"""Per level what is returned by default (tables 10.6.3-3 to -5) and with includefield=all, own level first."""
_UIDS = frozenset({0x0020000D, 0x0020000E, 0x00080018, 0x00080016, 0x00080062, 0x00200052})
_NOT_OFFERED = ("emptyvaluematching", "multiplevaluematching")
"""Optional query parameters (8.3.4) that are answered with a warning; lists of values need no parameter."""
_CONTROL = frozenset({"limit", "offset", "fuzzymatching", "includefield", "accept", "charset", *_NOT_OFFERED})
_RETRIEVE_URL = "00081190"


def search(level: str) -> Service:
    """The service for one level; study and series of the path narrow it down."""

    def service(call: Call) -> Response:
        started = time.perf_counter()
        keys, warnings = _keys(call, level)
        limit = call.number("limit", DEFAULT_LIMIT, 1 << 40)
        most = call.ports.limits.results
        offset = call.number("offset", 0, 1 << 40)
        if offset > call.ports.limits.offset:
            raise Refusal(400, f"The offset is beyond {call.ports.limits.offset}; narrow the search down instead.")
        if limit == 0:
            return answers.data_sets([], call.accepts(), {})
        page = min(limit, most)
        choices = call.accepts()
        fuzzy = _is_true(call, "fuzzymatching")
        answered, ended = call.ports.holdings.find(level, keys, offset, page + 1, fuzzy)
        found = list(answered)
        if ended:
            warnings.append("The search was ended early; narrow it down to see all results")
        if len(found) > page:
            found = found[:page]
            if "limit" not in dict(call.query) or page < limit:
                warnings.append("There are additional results that can be requested")
        headers = {"cache-control": "no-store"}
        if warnings:
            headers["warning"] = ", ".join(f'299 Mingjing: "{warning}"' for warning in warnings)
        call.subject = _subject(call)
        METRICS.count("queries_total", door="web", level=level.lower())
        METRICS.observe("query_seconds", time.perf_counter() - started, door="web")
        return answers.data_sets([_json(call, level, one) for one in found], choices, headers)

    return service


def _is_true(call: Call, name: str) -> bool:
    value = call.parameter(name, "false").strip().lower()
    if value not in ("true", "false"):
        raise Refusal(400, f"The parameter {name} is true or false.")
    return value == "true"


def _subject(call: Call) -> str:
    return f"study {call.path['study']}" if call.path.get("study") else "search"


def _keys(call: Call, level: str) -> tuple[dict[int, object], list[str]]:
    """What is matched and returned, and what could not be. Raises Refusal (400)."""
    keys: dict[int, object] = {}
    warnings: list[str] = []
    everything = False
    for name, value in call.query:
        if name == "includefield":
            for field in value.split(","):
                if field.strip().lower() == "all":
                    everything = True
                elif field.strip():
                    _ask(keys, field.strip(), "")
        elif name.lower() not in _CONTROL:
            _ask(keys, name, value)
    groups = _LEVELS[level]
    own_only = bool(call.path.get("series") if level == "IMAGE" else call.path.get("study"))
    for position, (default, more) in enumerate(groups):
        if position and own_only and not (level == "IMAGE" and position == 1 and not call.path.get("series")):
            break  # attributes above the level of a hierarchical search are not asked for (10.6.3.3)
        for tag in (*default, *more) if everything else default:
            keys.setdefault(tag, "")
    for tag in (0x0020000D, 0x0020000E, 0x00080018)[: 1 + ("STUDY", "SERIES", "IMAGE").index(level)]:
        keys.setdefault(tag, "")
    for name, tag in (("study", 0x0020000D), ("series", 0x0020000E)):
        if call.path.get(name):
            keys[tag] = call.uid(name)
    warnings += [f"The {name} parameter is not supported" for name in _NOT_OFFERED if _is_true(call, name)]
    ignored = call.ports.holdings.ignored(level, keys)
    if ignored:
        names = ", ".join(keyword_of(tag) or f"{tag:08X}" for tag in ignored[:20])
        warnings.append(f"These attributes are not matched at this level, results were not narrowed by them: {names}")
    return keys, warnings


def _ask(keys: dict[int, object], name: str, value: str) -> None:
    """Add an attribute, or one inside of sequences ("00400275.00401001"). Raises Refusal (400)."""
    *outer, last = name.split(".")
    if len(outer) > 3:
        raise Refusal(400, "Attributes are searched for in at most three sequences in each other.")
    item = keys
    for step in outer:
        tag = _tag(step)
        known = item.get(tag)
        items: list[dict[int, object]] = known if isinstance(known, list) else [{}]
        item[tag] = items
        item = items[0]
    tag = _tag(last)
    before = item.get(tag)
    if not value:
        item.setdefault(tag, "")
    elif tag in _UIDS:
        value = value.replace(",", "\\")
        item[tag] = f"{before}\\{value}" if before else value
    else:
        # no coded string has a comma: what many clients write as a list is read as one
        item[tag] = value.replace(",", "\\") if vr_of(tag, {}, 0) == "CS" else value


def _tag(text: str) -> int:
    """A tag by number or keyword. Raises Refusal (400)."""
    if len(text) == 8 and all(character in "0123456789abcdefABCDEF" for character in text):
        return int(text, 16)
    tag = tag_of(text)
    if tag is None:
        raise Refusal(400, f"{_plain(text)} is neither an attribute's tag nor its keyword.")
    return tag


def _plain(text: str) -> str:
    return "".join(character if character.isalnum() or character in "._-" else "?" for character in text[:60])


def _json(call: Call, level: str, answer: Answer) -> Json:
    """An answer of the index as DICOM JSON."""
    found: Json = {}
    for tag, value in answer.items():
        found[f"{tag:08X}"] = _element(tag, value)
    url = f"{call.base}/studies/{answer.get(0x0020000D) or ''}"
    if level != "STUDY":
        url += f"/series/{answer.get(0x0020000E) or ''}"
    if level == "IMAGE":
        url += f"/instances/{answer.get(0x00080018) or ''}"
    found[_RETRIEVE_URL] = {"vr": "UR", "Value": [url]}
    found["00080005"] = {"vr": "CS", "Value": ["ISO_IR 192"]}
    found.setdefault("00080056", {"vr": "CS", "Value": ["ONLINE"]})
    if not found["00080056"].get("Value"):
        found["00080056"] = {"vr": "CS", "Value": ["ONLINE"]}
    return dict(sorted(found.items()))


def _element(tag: int, value: Any) -> Json:
    vr = vr_of(tag, {}, 0)
    if value is None or value in ("", []):
        return {"vr": vr}
    if isinstance(value, list | tuple):
        items = [{f"{int(one):08X}": _element(int(one), own) for one, own in sorted(item.items())} for item in value]
        return {"vr": "SQ", "Value": items}
    if isinstance(value, int):
        return {"vr": vr, "Value": [str(value) if vr in ("SH", "LO", "CS") else value]}
    if vr in ("LT", "ST", "UT", "UR"):
        return {"vr": vr, "Value": [value]}
    values: list[Any] = []
    for part in value.split("\\"):
        if vr == "PN":
            values.append(person_name(part))
        elif vr in ("IS", "US", "UL", "SS", "SL"):
            values.append(int(part) if part.lstrip("+-").isdecimal() else (part or None))
        elif vr in ("DS", "FL", "FD"):
            values.append(_decimal(part))
        else:
            values.append(part or None)
    return {"vr": vr, "Value": values}


def _decimal(part: str) -> Any:
    try:
        value = float(part)
    except ValueError:
        return part or None
    return value if abs(value) < 1e300 else part
