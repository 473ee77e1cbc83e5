"""The limits of the clocks as the hospital keeps them; within the caller's unit of work."""

from __future__ import annotations

import msgspec

from server.ecg.consultations import rules
from server.ecg.consultations.tables import EcgConsultationPolicyRow
from server.kernel.database import UnitOfWork
from shared.contract.base import Changed
from shared.contract.ecg_consultations import ConsultationPolicy

_THE_POLICY = 1


class Limits:
    """Reads and changes them."""

    @staticmethod
    def policy(uow: UnitOfWork) -> ConsultationPolicy:
        """Return the limits in force."""
        row = uow.session.get(EcgConsultationPolicyRow, _THE_POLICY)
        if row is None:
            return ConsultationPolicy()
        return msgspec.structs.replace(msgspec.json.decode(row.body, type=ConsultationPolicy), version=row.version)

    def save(self, uow: UnitOfWork, policy: ConsultationPolicy) -> ConsultationPolicy:
        """Change the limits. Raises INVALID, CONFLICT."""
        rules.checked_policy(policy)
        row = uow.session.get(EcgConsultationPolicyRow, _THE_POLICY, with_for_update=True)
        if row is None:
            row = EcgConsultationPolicyRow(id=_THE_POLICY, version=0, body=b"")
            uow.session.add(row)
        row.expect(policy.version)
        row.body = msgspec.json.encode(policy)
        row.touch()
        uow.session.flush()
        uow.publish(Changed(entity="ecg_consultation_policy", id=_THE_POLICY, version=row.version))
        return self.policy(uow)
