"""ECG consultations"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0048"
down_revision = "0047"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _create_ecg_consultation_policy()
    _create_ecg_notices()
    _create_ecg_teams()
    _create_ecg_team_members()
    _create_ecg_consultations()
    _create_ecg_consultation_log()


def _create_ecg_consultation_policy() -> None:
    op.create_table(
        "ecg_consultation_policy",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ecg_consultation_policy")),
    )


def _create_ecg_notices() -> None:
    op.create_table(
        "ecg_notices",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("exam_id", sa.Integer(), nullable=False),
        sa.Column("consultation_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("patient_name", sa.String(length=120), nullable=False),
        sa.Column("hospital", sa.String(length=100), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("text", sa.String(length=1000), nullable=False),
        sa.Column("urgency", sa.String(length=16), nullable=False),
        sa.Column("read_at", sa.DateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ecg_notices")),
    )
    op.create_index("ix_ecg_notices_consultation", "ecg_notices", ["consultation_id", "kind"], unique=False)
    op.create_index("ix_ecg_notices_user", "ecg_notices", ["user_id", "read_at", "id"], unique=False)


def _create_ecg_teams() -> None:
    op.create_table(
        "ecg_teams",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("campus_id", sa.Integer(), nullable=False),
        sa.Column("phone", sa.String(length=40), nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ecg_teams")),
    )
    op.create_index(op.f("ix_ecg_teams_campus_id"), "ecg_teams", ["campus_id"], unique=False)


def _create_ecg_team_members() -> None:
    op.create_table(
        "ecg_team_members",
        sa.Column("team_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["team_id"], ["ecg_teams.id"], name=op.f("fk_ecg_team_members_team_id_ecg_teams")),
        sa.PrimaryKeyConstraint("team_id", "user_id", name=op.f("pk_ecg_team_members")),
    )
    op.create_index(op.f("ix_ecg_team_members_user_id"), "ecg_team_members", ["user_id"], unique=False)


def _create_ecg_consultations() -> None:
    op.create_table(
        "ecg_consultations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("exam_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("urgency", sa.String(length=16), nullable=False),
        sa.Column("urgency_rank", sa.Integer(), nullable=False),
        sa.Column("danger", sa.String(length=16), nullable=False),
        sa.Column("danger_rank", sa.Integer(), nullable=False),
        sa.Column("team_id", sa.Integer(), nullable=False),
        sa.Column("team", sa.String(length=100), nullable=False),
        sa.Column("to_campus_id", sa.Integer(), nullable=False),
        sa.Column("from_campus_id", sa.Integer(), nullable=False),
        sa.Column("patient_name", sa.String(length=120), nullable=False),
        sa.Column("accession_number", sa.String(length=32), nullable=False),
        sa.Column("request_number", sa.String(length=64), nullable=False),
        sa.Column("patient_number", sa.String(length=64), nullable=False),
        sa.Column("applicant_id", sa.Integer(), nullable=False),
        sa.Column("applicant", sa.String(length=80), nullable=False),
        sa.Column("phone", sa.String(length=40), nullable=False),
        sa.Column("applied_at", sa.DateTime(), nullable=False),
        sa.Column("complaint", sa.String(length=1000), nullable=False),
        sa.Column("history", sa.String(length=1000), nullable=False),
        sa.Column("clinical_diagnosis", sa.String(length=1000), nullable=False),
        sa.Column("question", sa.String(length=1000), nullable=False),
        sa.Column("first_opinion", sa.String(length=4000), nullable=False),
        sa.Column("accepted_by_id", sa.Integer(), nullable=False),
        sa.Column("accepted_by", sa.String(length=80), nullable=False),
        sa.Column("accepted_at", sa.DateTime(), nullable=True),
        sa.Column("first_accepted_at", sa.DateTime(), nullable=True),
        sa.Column("refused_by", sa.String(length=80), nullable=False),
        sa.Column("refused_at", sa.DateTime(), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(), nullable=True),
        sa.Column("reason", sa.String(length=1000), nullable=False),
        sa.Column("published_at", sa.DateTime(), nullable=True),
        sa.Column("published_by_id", sa.Integer(), nullable=False),
        sa.Column("published_by", sa.String(length=80), nullable=False),
        sa.Column("agreement", sa.String(length=16), nullable=False),
        sa.Column("signed_at", sa.DateTime(), nullable=True),
        sa.Column("signed_by_id", sa.Integer(), nullable=False),
        sa.Column("signed_by", sa.String(length=80), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["exam_id"], ["ecg_exams.id"], name=op.f("fk_ecg_consultations_exam_id_ecg_exams")),
        sa.ForeignKeyConstraint(["team_id"], ["ecg_teams.id"], name=op.f("fk_ecg_consultations_team_id_ecg_teams")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ecg_consultations")),
    )
    op.create_index(op.f("ix_ecg_consultations_applicant_id"), "ecg_consultations", ["applicant_id"], unique=False)
    op.create_index(op.f("ix_ecg_consultations_exam_id"), "ecg_consultations", ["exam_id"], unique=False)
    op.create_index(
        "ix_ecg_consultations_incoming", "ecg_consultations", ["to_campus_id", "state", "applied_at"], unique=False
    )
    op.create_index(
        "ix_ecg_consultations_outgoing", "ecg_consultations", ["from_campus_id", "applied_at"], unique=False
    )
    op.create_index("ix_ecg_consultations_team", "ecg_consultations", ["team_id", "state"], unique=False)


def _create_ecg_consultation_log() -> None:
    op.create_table(
        "ecg_consultation_log",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("consultation_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("station", sa.String(length=80), nullable=False),
        sa.Column("action", sa.String(length=24), nullable=False),
        sa.Column("note", sa.String(length=1000), nullable=False),
        sa.ForeignKeyConstraint(
            ["consultation_id"],
            ["ecg_consultations.id"],
            name=op.f("fk_ecg_consultation_log_consultation_id_ecg_consultations"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ecg_consultation_log")),
    )
    op.create_index(
        op.f("ix_ecg_consultation_log_consultation_id"), "ecg_consultation_log", ["consultation_id"], unique=False
    )


def downgrade() -> None:
    op.drop_table("ecg_consultation_log")
    op.drop_table("ecg_consultations")
    op.drop_table("ecg_team_members")
    op.drop_table("ecg_teams")
    op.drop_table("ecg_notices")
    op.drop_table("ecg_consultation_policy")
