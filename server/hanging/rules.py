"""What may be kept as a hanging protocol, and who may keep it."""

from __future__ import annotations

from server.kernel.dispatch import Caller
from shared.contract import hanging as contract
from shared.contract.hanging import Protocol
from shared.dicomkit.uids import is_valid
from shared.domain.permissions import Permission


def may_share(caller: Caller) -> bool:
    """Whether the caller may keep protocols for everybody."""
    return caller.may(Permission.FINAL_AUDIT) or caller.may(Permission.ADMINISTER)


def fault_of(protocol: Protocol) -> str:
    """A sentence that says what is wrong; empty when the protocol can be kept."""
    if not is_valid(protocol.uid):
        return "挂片方案的编号不正确。"
    if not protocol.name.strip() or len(protocol.name) > contract.MOST_TEXT:
        return f"请为挂片方案填写名称，最多 {contract.MOST_TEXT} 个字。"
    if protocol.level not in (contract.USER, contract.SITE):
        return "挂片方案只能保存为个人或全科使用。"
    return contract_fault(protocol)


def contract_fault(protocol: Protocol) -> str:
    """What is wrong with the parts of a protocol; the same for one that comes from a file."""
    from shared.dicomkit.hanging_protocol import fault_of as fault_of_parts

    return fault_of_parts(protocol)
