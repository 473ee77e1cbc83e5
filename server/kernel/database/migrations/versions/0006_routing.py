"""routing and corrections"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import server.kernel.database.base

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_NEW = (
    "sent_instances",
    "forwards",
    "routing_rules",
    "coercion_rules",
    "routing_targets",
    "read_rejection_notes",
    "rejection_notes",
    "rejected_instances",
    "redirected_series",
    "patient_redirects",
    "study_redirects",
    "corrected_studies",
    "correction_events",
)


def upgrade() -> None:
    _corrections()
    _routing()
    op.create_index("ix_studies_changed_at", "studies", ["changed_at"])


def _corrections() -> None:
    moment = server.kernel.database.base.UtcDateTime()
    event = ("correction_events", "event_id")
    op.create_table(
        "correction_events",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.String(length=400), nullable=False),
        sa.Column("changes", sa.JSON(), nullable=False),
        sa.Column("sentence", sa.String(length=400), nullable=False),
        sa.Column("journal", sa.LargeBinary(), nullable=False),
        sa.Column("undone_at", moment, nullable=True),
        sa.Column("undone_by", sa.String(length=64), nullable=False),
        sa.Column("undo_reason", sa.String(length=400), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_correction_events")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_correction_events_at"), "correction_events", ["at"])
    op.create_table(
        "corrected_studies",
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("study_uid", sa.String(length=64), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["event_id"], [f"{event[0]}.id"], name=op.f(f"fk_corrected_studies_{event[1]}_{event[0]}")
        ),
        sa.PrimaryKeyConstraint("event_id", "study_uid", name=op.f("pk_corrected_studies")),
    )
    op.create_index(op.f("ix_corrected_studies_study_uid"), "corrected_studies", ["study_uid"])
    op.create_table(
        "study_redirects",
        sa.Column("uid", sa.String(length=64), nullable=False),
        sa.Column("target_uid", sa.String(length=64), nullable=False),
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["event_id"], [f"{event[0]}.id"], name=op.f(f"fk_study_redirects_{event[1]}_{event[0]}")
        ),
        sa.PrimaryKeyConstraint("uid", name=op.f("pk_study_redirects")),
    )
    op.create_index(op.f("ix_study_redirects_event_id"), "study_redirects", ["event_id"])
    op.create_table(
        "patient_redirects",
        sa.Column("identity", sa.String(), nullable=False),
        sa.Column("correction", sa.LargeBinary(), nullable=False),
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["event_id"], [f"{event[0]}.id"], name=op.f(f"fk_patient_redirects_{event[1]}_{event[0]}")
        ),
        sa.PrimaryKeyConstraint("identity", name=op.f("pk_patient_redirects")),
    )
    op.create_index(op.f("ix_patient_redirects_event_id"), "patient_redirects", ["event_id"])
    op.create_table(
        "redirected_series",
        sa.Column("series_uid", sa.String(length=64), nullable=False),
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["event_id"], [f"{event[0]}.id"], name=op.f(f"fk_redirected_series_{event[1]}_{event[0]}")
        ),
        sa.PrimaryKeyConstraint("series_uid", name=op.f("pk_redirected_series")),
    )
    op.create_index(op.f("ix_redirected_series_event_id"), "redirected_series", ["event_id"])
    op.create_table(
        "rejected_instances",
        sa.Column("uid", sa.String(length=64), nullable=False),
        sa.Column("code", sa.String(length=16), nullable=False),
        sa.Column("note_uid", sa.String(length=64), nullable=False),
        sa.Column("event_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["event_id"], [f"{event[0]}.id"], name=op.f(f"fk_rejected_instances_{event[1]}_{event[0]}")
        ),
        sa.PrimaryKeyConstraint("uid", name=op.f("pk_rejected_instances")),
    )
    op.create_index(op.f("ix_rejected_instances_event_id"), "rejected_instances", ["event_id"])
    op.create_table(
        "rejection_notes",
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("sop_uid", sa.String(length=64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("is_begun", sa.Boolean(), nullable=False),
        sa.Column("is_sent", sa.Boolean(), nullable=False),
        sa.Column("is_withdrawn", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["event_id"], [f"{event[0]}.id"], name=op.f(f"fk_rejection_notes_{event[1]}_{event[0]}")
        ),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_rejection_notes")),
    )
    op.create_table(
        "read_rejection_notes",
        sa.Column("uid", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("uid", name=op.f("pk_read_rejection_notes")),
    )


def _routing() -> None:
    moment = server.kernel.database.base.UtcDateTime()
    op.create_table(
        "routing_targets",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("ae_title", sa.String(length=16), nullable=False),
        sa.Column("url", sa.String(length=400), nullable=False),
        sa.Column("token_file", sa.String(length=64), nullable=False),
        sa.Column("concurrency", sa.Integer(), nullable=False),
        sa.Column("transfer_syntaxes", sa.JSON(), nullable=False),
        sa.Column("commitment", sa.Boolean(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("down_since", moment, nullable=True),
        sa.Column("next_try", moment, nullable=True),
        sa.Column("last_error", sa.String(length=400), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_routing_targets")),
        sa.UniqueConstraint("name", name=op.f("uq_routing_targets_name")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "routing_rules",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("conditions", sa.JSON(), nullable=False),
        sa.Column("target_id", sa.Integer(), nullable=False),
        sa.Column("changes", sa.JSON(), nullable=False),
        sa.Column("delay_s", sa.Integer(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("days_back", sa.Integer(), nullable=False),
        sa.Column("anonymise", sa.JSON(), nullable=True),
        sa.Column("resend_after_correction", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["target_id"], ["routing_targets.id"], name=op.f("fk_routing_rules_target_id_routing_targets")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_routing_rules")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "coercion_rules",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("sender_aes", sa.JSON(), nullable=False),
        sa.Column("modalities", sa.JSON(), nullable=False),
        sa.Column("changes", sa.JSON(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coercion_rules")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "forwards",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("study_uid", sa.String(length=64), nullable=False),
        sa.Column("target_id", sa.Integer(), nullable=False),
        sa.Column("rule_id", sa.Integer(), nullable=True),
        sa.Column("rule_name", sa.String(length=64), nullable=False),
        sa.Column("changes", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("not_before", moment, nullable=False),
        sa.Column("sent", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("seen", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("sentence", sa.String(length=400), nullable=False),
        sa.Column("anonymise", sa.JSON(), nullable=True),
        sa.Column("why", sa.String(length=400), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("job_id", sa.Integer(), nullable=True),
        sa.Column("transaction_uid", sa.String(length=64), nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("changed_at", moment, nullable=False),
        sa.Column("finished_at", moment, nullable=True),
        sa.ForeignKeyConstraint(
            ["target_id"], ["routing_targets.id"], name=op.f("fk_forwards_target_id_routing_targets")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_forwards")),
        sa.UniqueConstraint("study_uid", "target_id", name="uq_forwards_study_uid_target_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_forwards_due", "forwards", ["target_id", "state", "not_before"])
    op.create_index(op.f("ix_forwards_transaction_uid"), "forwards", ["transaction_uid"])
    op.create_table(
        "sent_instances",
        sa.Column("forward_id", sa.Integer(), nullable=False),
        sa.Column("instance_uid", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["forward_id"], ["forwards.id"], name=op.f("fk_sent_instances_forward_id_forwards")),
        sa.PrimaryKeyConstraint("forward_id", "instance_uid", name=op.f("pk_sent_instances")),
    )


def downgrade() -> None:
    op.drop_index("ix_studies_changed_at", "studies")
    for name in _NEW:
        op.drop_table(name)
