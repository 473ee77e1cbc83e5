"""The hospital's decisions on keeping: read, checked, saved."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
from sqlalchemy.orm import Session

from server.archive.keeping.codec import SYNTAX_OF
from server.archive.keeping.tables import KeepingPolicyRow
from server.kernel.errors import invalid, stale
from shared.contract.keeping import CompressionRule, KeepingPolicy

_ONLY = 1
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(KeepingPolicy).decode

DEFAULT_RULES = (CompressionRule(codec="htj2k"),)
"""HTJ2K for everything: measured on real images of twelve kinds (tests/benchmarks/bench_compress.py) it is mostly up to
15 % larger than JPEG-LS (28 % for endoscopy), encoded and proved faster for most kinds, and decoded three times as
fast, which counts each time a workstation reads. Colour is compressed about 3 : 1 without a colour transform, so
(0028,0004) stays.
"""


def load(session: Session) -> tuple[KeepingPolicy, KeepingPolicyRow | None]:
    """The present policy, and its row when one was ever saved."""
    row = session.get(KeepingPolicyRow, _ONLY)
    return (_decode(row.body) if row is not None else KeepingPolicy()), row


def save(session: Session, version: int, policy: KeepingPolicy, by: str) -> KeepingPolicyRow:
    """Save a policy made on `version` (0: none was saved). Raises CONFLICT, INVALID."""
    _check(policy)
    row = session.get(KeepingPolicyRow, _ONLY, with_for_update=True)
    now = datetime.now(UTC)
    if row is None:
        if version != 0:
            raise stale(0)
        row = KeepingPolicyRow(id=_ONLY, version=1, body=_encode(policy), changed_at=now, changed_by=by)
        session.add(row)
    else:
        row.expect(version)
        row.body, row.changed_at, row.changed_by = _encode(policy), now, by
        row.touch()
    session.flush()
    return row


def codec_for(policy: KeepingPolicy, modality: str, sop_class_uid: str, transfer_syntax_uid: str) -> str:
    """The codec of the first rule that fits, "none" without one."""
    for rule in policy.compression_rules or DEFAULT_RULES:
        if (
            (not rule.modalities or modality in rule.modalities)
            and (not rule.sop_classes or sop_class_uid in rule.sop_classes)
            and (not rule.transfer_syntaxes or transfer_syntax_uid in rule.transfer_syntaxes)
        ):
            return rule.codec
    return "none"


def _check(policy: KeepingPolicy) -> None:
    limits = {
        "bin_days": 36500,
        "accept_again_days": 36500,
        "compress_after_hours": 87600,
        "compress_grace_minutes": 10080,
        "backup_every_hours": 8760,
        "backup_keep": 10000,
    }
    for name, most in limits.items():
        if not 0 <= getattr(policy, name) <= most:
            raise invalid(f"policy.{name}", f"该值应在 0 到 {most} 之间。")
    for rule in policy.compression_rules:
        if rule.codec not in (*SYNTAX_OF, "none"):
            raise invalid("policy.compression_rules", "压缩方式只能是 htj2k、jpegls 或 none。")
    names = [rule.name for rule in policy.retention_rules]
    if len(set(names)) != len(names) or not all(name.strip() and len(name) <= 100 for name in names):
        raise invalid("policy.retention_rules", "每条保存期规则都要有不重复的名称。")
    for one in policy.retention_rules:
        if one.older_than_days < 0 or one.unused_days < 0 or one.verified_copies < 1:
            raise invalid("policy.retention_rules", f"规则“{one.name}”的天数不能为负，已核对的副本至少为 1。")
        if one.enabled and one.older_than_days == 0 and one.unused_days == 0:
            raise invalid("policy.retention_rules", f"规则“{one.name}”没有任何时间条件，不能启用。")
