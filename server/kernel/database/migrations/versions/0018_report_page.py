"""report page: choices below the text by exam type"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("exam_types", schema=None) as batch_op:
        batch_op.add_column(sa.Column("choices", sa.String(length=1000), nullable=False, server_default=""))
    with op.batch_alter_table("report_texts", schema=None) as batch_op:
        batch_op.add_column(sa.Column("choices", sa.Text(), nullable=False, server_default=""))


def downgrade() -> None:
    with op.batch_alter_table("report_texts", schema=None) as batch_op:
        batch_op.drop_column("choices")
    with op.batch_alter_table("exam_types", schema=None) as batch_op:
        batch_op.drop_column("choices")
