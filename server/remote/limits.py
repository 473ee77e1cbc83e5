"""The limits of the clocks as the hospital keeps them; within the caller's unit of work."""

from __future__ import annotations

import msgspec

from server.kernel.database import UnitOfWork
from server.remote import rules
from server.remote.tables import RemotePolicyRow
from shared.contract.base import Changed
from shared.contract.remote import RemotePolicy

_THE_POLICY = 1


class Limits:
    """Reads and changes them."""

    @staticmethod
    def policy(uow: UnitOfWork) -> RemotePolicy:
        """Return the limits in force."""
        row = uow.session.get(RemotePolicyRow, _THE_POLICY)
        if row is None:
            return RemotePolicy()
        return msgspec.structs.replace(msgspec.json.decode(row.body, type=RemotePolicy), version=row.version)

    def save(self, uow: UnitOfWork, policy: RemotePolicy) -> RemotePolicy:
        """Change the limits. Raises INVALID, CONFLICT."""
        rules.checked_policy(policy)
        row = uow.session.get(RemotePolicyRow, _THE_POLICY, with_for_update=True)
        if row is None:
            row = RemotePolicyRow(id=_THE_POLICY, version=0, body=b"")
            uow.session.add(row)
        row.expect(policy.version)
        row.body = msgspec.json.encode(policy)
        row.touch()
        uow.session.flush()
        uow.publish(Changed(entity="remote_policy", id=_THE_POLICY, version=row.version))
        return self.policy(uow)
