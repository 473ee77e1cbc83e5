"""copies of a pathology case's barcode, two persons at grossing"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0052"
down_revision = "0051"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("pathology_cases") as batch:
        batch.add_column(sa.Column("label_prints", sa.Integer(), nullable=False, server_default="0"))
    with op.batch_alter_table("pathology_libraries") as batch:
        batch.add_column(sa.Column("two_at_grossing", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    with op.batch_alter_table("pathology_libraries") as batch:
        batch.drop_column("two_at_grossing")
    with op.batch_alter_table("pathology_cases") as batch:
        batch.drop_column("label_prints")
