import pytest

from tests.unit.alerts.notices_suite import NoticesSuite


class TestSqlite(NoticesSuite):
    @pytest.fixture
    def url(self, fresh: str) -> str:
        return fresh
