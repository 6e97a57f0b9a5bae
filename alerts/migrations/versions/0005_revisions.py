"""Which version of a finding an alert shows, and which version of a case its evidence is of.

Revision: 0005
Follows: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("alerts", "case_evidence"):
        # 0: a version without a number, as all were until now. Whatever has a number is newer.
        op.add_column(table, sa.Column("revision", sa.BigInteger(), nullable=False, server_default="0"))


def downgrade() -> None:
    for table in ("alerts", "case_evidence"):
        with op.batch_alter_table(table) as changed:
            changed.drop_column("revision")
