"""DIMSE status codes by service with the clauses that define them; the only place where numbers get their meaning."""

from __future__ import annotations

from typing import Final

SUCCESS: Final = 0x0000
PENDING: Final = 0xFF00
"""PS3.4 C.4.1.1.4: matches are continuing, all optional keys supported as for required ones."""
PENDING_WITHOUT_OPTIONAL_KEYS: Final = 0xFF01
"""PS3.4 C.4.1.1.4: one or more optional keys were not supported for existence or matching."""
CANCEL: Final = 0xFE00
"""PS3.4 C.4.1.1.4, C.4.2.1.5, C.4.3.1.4: terminated due to cancel request."""

# General statuses, PS3.7 annex C.5.
ATTRIBUTE_LIST_ERROR: Final = 0x0107
INVALID_ATTRIBUTE_VALUE: Final = 0x0106
PROCESSING_FAILURE: Final = 0x0110
DUPLICATE_SOP_INSTANCE: Final = 0x0111
NO_SUCH_SOP_INSTANCE: Final = 0x0112
NO_SUCH_EVENT_TYPE: Final = 0x0113
NO_SUCH_ARGUMENT: Final = 0x0114
INVALID_ARGUMENT_VALUE: Final = 0x0115
INVALID_OBJECT_INSTANCE: Final = 0x0117
NO_SUCH_SOP_CLASS: Final = 0x0118
CLASS_INSTANCE_CONFLICT: Final = 0x0119
MISSING_ATTRIBUTE: Final = 0x0120
MISSING_ATTRIBUTE_VALUE: Final = 0x0121
SOP_CLASS_NOT_SUPPORTED: Final = 0x0122
NO_SUCH_ACTION: Final = 0x0123
NOT_AUTHORIZED: Final = 0x0124
DUPLICATE_INVOCATION: Final = 0x0210
UNRECOGNIZED_OPERATION: Final = 0x0211
MISTYPED_ARGUMENT: Final = 0x0212
RESOURCE_LIMITATION: Final = 0x0213

# Storage, PS3.4 table B.2-1.
STORE_OUT_OF_RESOURCES: Final = 0xA700
STORE_CLASS_MISMATCH: Final = 0xA900
STORE_CANNOT_UNDERSTAND: Final = 0xC000

# Query, PS3.4 table C.4-1; modality worklist, table K.4-1.
FIND_OUT_OF_RESOURCES: Final = 0xA700
FIND_IDENTIFIER_MISMATCH: Final = 0xA900
FIND_UNABLE: Final = 0xC000

# Retrieve, PS3.4 tables C.4-2 and C.4-3.
RETRIEVE_CANNOT_COUNT: Final = 0xA701
RETRIEVE_CANNOT_PERFORM: Final = 0xA702
RETRIEVE_DESTINATION_UNKNOWN: Final = 0xA801
RETRIEVE_IDENTIFIER_MISMATCH: Final = 0xA900
RETRIEVE_UNABLE: Final = 0xC000
RETRIEVE_WARNING: Final = 0xB000
"""Sub-operations complete, one or more failures or warnings."""

# Modality performed procedure step, PS3.4 F.7.2.2.
STEP_MAY_NO_LONGER_BE_UPDATED: Final = 0xA710
"""An Error ID (0000,0903) beside 0x0110."""

STATUSES: Final[dict[int, tuple[str, str]]] = {
    SUCCESS: ("success", "PS3.7 C.1"),
    PENDING: ("pending", "PS3.4 C.4.1.1.4"),
    PENDING_WITHOUT_OPTIONAL_KEYS: ("pending, optional keys not supported", "PS3.4 C.4.1.1.4"),
    CANCEL: ("cancelled", "PS3.4 C.4.1.1.4"),
    INVALID_ATTRIBUTE_VALUE: ("invalid attribute value", "PS3.7 C.5"),
    ATTRIBUTE_LIST_ERROR: ("attribute list error", "PS3.7 C.4"),
    PROCESSING_FAILURE: ("processing failure", "PS3.7 C.5"),
    DUPLICATE_SOP_INSTANCE: ("duplicate SOP instance", "PS3.7 C.5"),
    NO_SUCH_SOP_INSTANCE: ("no such SOP instance", "PS3.7 C.5"),
    NO_SUCH_EVENT_TYPE: ("no such event type", "PS3.7 C.5"),
    NO_SUCH_ARGUMENT: ("no such argument", "PS3.7 C.5"),
    INVALID_ARGUMENT_VALUE: ("invalid argument value", "PS3.7 C.5"),
    INVALID_OBJECT_INSTANCE: ("invalid object instance", "PS3.7 C.5"),
    NO_SUCH_SOP_CLASS: ("no such SOP class", "PS3.7 C.5"),
    CLASS_INSTANCE_CONFLICT: ("class-instance conflict", "PS3.7 C.5"),
    MISSING_ATTRIBUTE: ("missing attribute", "PS3.7 C.5"),
    MISSING_ATTRIBUTE_VALUE: ("missing attribute value", "PS3.7 C.5"),
    SOP_CLASS_NOT_SUPPORTED: ("refused: SOP class not supported", "PS3.7 C.5"),
    NO_SUCH_ACTION: ("no such action type", "PS3.7 C.5"),
    NOT_AUTHORIZED: ("refused: not authorized", "PS3.7 C.5"),
    DUPLICATE_INVOCATION: ("duplicate invocation", "PS3.7 C.5"),
    UNRECOGNIZED_OPERATION: ("unrecognized operation", "PS3.7 C.5"),
    MISTYPED_ARGUMENT: ("mistyped argument", "PS3.7 C.5"),
    RESOURCE_LIMITATION: ("resource limitation", "PS3.7 C.5"),
    STEP_MAY_NO_LONGER_BE_UPDATED: ("performed procedure step may no longer be updated", "PS3.4 F.7.2.2"),
    0xA700: ("refused: out of resources", "PS3.4 tables B.2-1, C.4-1"),
    RETRIEVE_CANNOT_COUNT: ("refused: unable to calculate number of matches", "PS3.4 table C.4-2"),
    RETRIEVE_CANNOT_PERFORM: ("refused: unable to perform sub-operations", "PS3.4 table C.4-2"),
    RETRIEVE_DESTINATION_UNKNOWN: ("refused: move destination unknown", "PS3.4 table C.4-2"),
    0xA900: ("data set or identifier does not match SOP class", "PS3.4 tables B.2-1, C.4-1, C.4-2"),
    0xC000: ("cannot understand, or unable to process", "PS3.4 tables B.2-1, C.4-1, C.4-2"),
    RETRIEVE_WARNING: ("sub-operations complete, one or more failures", "PS3.4 table C.4-2"),
}
"""code → (meaning, clause). Ranges (0xA7xx, 0xA9xx, 0xCxxx) are listed by their first code."""


def meaning(code: int) -> str:
    """Words for the log: the listed meaning, or the class of the status (PS3.7 C.1 to C.4)."""
    known = STATUSES.get(code)
    if known is not None:
        return known[0]
    if code & 0xF000 in (0xA000, 0xC000) or 0x0100 <= code <= 0x02FF:
        return "failure"
    return "warning" if is_warning(code) else "unknown status"


def is_warning(code: int) -> bool:
    """Warning class: 0x0001, 0x0107, 0x0116, 0xBxxx (PS3.7 C.4)."""
    return code in (0x0001, 0x0107, 0x0116) or code & 0xF000 == 0xB000


def is_pending(code: int) -> bool:
    """More responses will follow (PS3.7 C.2)."""
    return code in (PENDING, PENDING_WITHOUT_OPTIONAL_KEYS)
