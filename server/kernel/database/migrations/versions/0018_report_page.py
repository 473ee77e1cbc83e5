"""report page: choices below the text by exam type"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("exam_types", sa.Column("choices", sa.String(length=1000), nullable=False, server_default=""))
    op.add_column("report_texts", sa.Column("choices", sa.Text(), nullable=False, server_default=""))


def downgrade() -> None:
    # Not in a batch, which would make the table anew: other tables refer to it.
    op.drop_column("report_texts", "choices")
    op.drop_column("exam_types", "choices")
