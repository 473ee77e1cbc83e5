"""signatures: why a picture was set or removed; quality: how many cases were asked for, how many left out"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("signature_pictures") as table:
        table.add_column(sa.Column("set_why", sa.String(length=200), server_default="", nullable=False))
        table.add_column(sa.Column("removed_at", sa.DateTime(), nullable=True))
        table.add_column(sa.Column("removed_by", sa.String(length=80), server_default="", nullable=False))
        table.add_column(sa.Column("removed_why", sa.String(length=200), server_default="", nullable=False))
    with op.batch_alter_table("quality_tasks") as table:
        table.add_column(sa.Column("asked", sa.Integer(), server_default="0", nullable=False))
        table.add_column(sa.Column("own_left_out", sa.Integer(), server_default="0", nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("quality_tasks") as table:
        table.drop_column("own_left_out")
        table.drop_column("asked")
    with op.batch_alter_table("signature_pictures") as table:
        table.drop_column("removed_why")
        table.drop_column("removed_by")
        table.drop_column("removed_at")
        table.drop_column("set_why")
