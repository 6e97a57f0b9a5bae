"""A hole in the conservation account, as people read it."""

import pytest

from alerts.findings_in_words import FINDINGS
from alerts.routing import Alerting, Routes, route
from emissions.account import JUDGED, JUDGING, STORED, STORING, Counted, Passed
from emissions.account_memory import AccountMemory
from emissions.beijing import HOUR
from emissions.conservation import RULE, fold
from emissions.finding import Finding
from tests.unit.emissions.world import H, outlet

IN_TIME = 2 * HOUR


def gap(stage: str) -> Finding:
    """Line 5 of ten never came through the stage."""
    came = {"numbers": {JUDGED: ((1, 4), (6, 10)) if stage == JUDGING else ((1, 10),)}}
    kept = {"numbers": {STORED: ((1, 4), (6, 10))}}
    about = {"outlet": outlet().id, "series": "gw1/b1", "hour": H}
    words = [
        Counted(stage=JUDGING, **about, **came),
        Counted(stage=STORING, **about, **kept),
        Passed(stage=JUDGING, outlet=outlet().id, hour=H),
        Passed(stage=STORING, outlet=outlet().id, hour=H),
    ]
    memory = AccountMemory()
    outputs = [output for word in words for output in fold(memory, word, outlet=outlet(), in_time=IN_TIME)]
    (found,) = [output for output in outputs if isinstance(output, Finding)]
    return found


@pytest.mark.parametrize(
    ("stage", "chinese"),
    [pytest.param(JUDGING, "判定", id="before judging"), pytest.param(STORING, "入库", id="before storing")],
)
def test_it_names_hour_stage_and_number(stage, chinese):
    found = gap(stage)
    (zh, en), *_ = FINDINGS[RULE][1](found.evidence, str)
    assert all(part in zh for part in (f"{H:%m-%d %H}:00", chinese, "1 条", "5", "gw1/b1"))
    assert all(part in en for part in (f"{H:%m-%d %H}:00", stage, "1 line", "5 of gw1/b1"))


def test_somebody_must_answer_it():
    assert isinstance(route(gap(JUDGING), Routes()), Alerting)
