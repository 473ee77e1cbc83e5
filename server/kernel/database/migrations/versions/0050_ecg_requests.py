"""collected ECG exams and critical ECGs"""

from __future__ import annotations

revision = "0050"
down_revision = "0049"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
