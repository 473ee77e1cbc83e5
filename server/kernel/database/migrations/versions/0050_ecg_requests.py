"""the campus of requests and lines; ECG exams of merged patients"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0050"
down_revision = "0049"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("applications") as batch_op:
        batch_op.add_column(sa.Column("campus_id", sa.Integer(), nullable=True))
    with op.batch_alter_table("ecg_lines") as batch_op:
        batch_op.add_column(sa.Column("campus_id", sa.Integer(), nullable=True))
    with op.batch_alter_table("ecg_exams") as batch_op:
        batch_op.add_column(sa.Column("merged_from_id", sa.Integer(), nullable=True))
        batch_op.create_index(batch_op.f("ix_ecg_exams_merged_from_id"), ["merged_from_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("ecg_exams") as batch_op:
        batch_op.drop_index(batch_op.f("ix_ecg_exams_merged_from_id"))
        batch_op.drop_column("merged_from_id")
    with op.batch_alter_table("ecg_lines") as batch_op:
        batch_op.drop_column("campus_id")
    with op.batch_alter_table("applications") as batch_op:
        batch_op.drop_column("campus_id")
