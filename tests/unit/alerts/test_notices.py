from pathlib import Path

import pytest

from tests.unit.alerts.notices_suite import NoticesSuite


class TestSqlite(NoticesSuite):
    @pytest.fixture
    def url(self, tmp_path: Path) -> str:
        return f"sqlite:///{tmp_path}/alerts.sqlite"
