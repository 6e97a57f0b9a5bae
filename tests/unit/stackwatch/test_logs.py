"""What a log line looks like, and that one id follows a packet through them."""

import json
import logging
from datetime import datetime

import pytest

from emissions.beijing import BEIJING
from emissions.trace import trace_of
from stackwatch.logs import set_up_logs

RECEIVED = datetime(2026, 11, 24, 10, 0, 3, 120_000, tzinfo=BEIJING)


@pytest.fixture(params=["text", "json"])
def form(request) -> str:
    return request.param


def said(capsys, form: str, *args: object, **extra: object) -> str:
    set_up_logs("info", process="gateway", form=form)
    logging.getLogger("ingest.intake").info(*args, **extra)
    return capsys.readouterr().err


def test_a_line_names_the_moment_the_process_and_what_it_is_about(capsys, form):
    trace = trace_of("MN1", "20261124100000123", RECEIVED)
    text = said(capsys, form, "refused (%s)", "crc", extra={"mn": "MN1", "qn": None, "trace": trace})
    if form == "text":
        assert "INFO" in text
        assert "gateway ingest.intake: refused (crc) mn=MN1 trace=" + trace in text
        assert "qn" not in text
        assert "+08:00" in text
        return
    line = json.loads(text)
    assert (line["level"], line["process"], line["logger"]) == ("info", "gateway", "ingest.intake")
    assert (line["message"], line["mn"], line["trace"]) == ("refused (crc)", "MN1", trace)
    assert datetime.fromisoformat(line["time"]).utcoffset() == BEIJING.utcoffset(None)


def test_json_keeps_an_exception_and_chinese_in_one_line(capsys):
    set_up_logs("info", process="worker", form="json")
    try:
        raise ValueError("坏")
    except ValueError:
        logging.getLogger("streams").exception("出错\n第二行")
    [text] = capsys.readouterr().err.splitlines()
    assert "出错" in text
    assert "ValueError: 坏" in json.loads(text)["exc_info"]


@pytest.mark.parametrize(
    ("other", "same"),
    [
        pytest.param(("MN1", "q", RECEIVED.timestamp()), True, id="a Unix time names the same moment"),
        pytest.param(("MN1", "q", RECEIVED.replace(microsecond=120_400)), True, id="less than a millisecond later"),
        pytest.param(("MN1", "q", RECEIVED.replace(microsecond=121_000)), False, id="a millisecond later"),
        pytest.param(("MN2", "q", RECEIVED), False, id="another logger"),
        pytest.param(("MN1", "r", RECEIVED), False, id="another request"),
    ],
)
def test_what_a_trace_id_is_made_of(other, same):
    assert (trace_of("MN1", "q", RECEIVED) == trace_of(*other)) == same
