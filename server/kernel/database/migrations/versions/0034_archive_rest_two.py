"""files on their way out are marked while they are removed"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import server.kernel.database.base

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("archive_discards", schema=None) as batch_op:
        batch_op.add_column(sa.Column("going_at", server.kernel.database.base.UtcDateTime(), nullable=True))
        batch_op.create_index(batch_op.f("ix_archive_discards_going_at"), ["going_at"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("archive_discards", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_archive_discards_going_at"))
        batch_op.drop_column("going_at")
