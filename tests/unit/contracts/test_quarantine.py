import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.quarantine import has_note, line_id, with_note

NOTE = {"id": "r1", "at": "2026-11-24T12:00:00.000+08:00", "by": "Li"}


@given(st.dictionaries(st.text(), st.none() | st.integers(-(2**53), 2**53) | st.text(), max_size=4))
def test_a_line_driven_again_keeps_its_name_and_all_its_fields(fields):
    fields.pop("redriven", None)
    line = json.dumps(fields)
    driven = with_note(line, NOTE).decode()
    assert line_id(driven) == line_id(line)
    assert json.loads(driven) == {**fields, "redriven": NOTE}
    assert has_note(driven)
    assert not has_note(line)
    assert line_id(with_note(driven, {"id": "r2"}).decode()) == line_id(line), "driven a second time"


@pytest.mark.parametrize("line", ["", "no json", "[1]", '"text"', '{"a": ', "[" * 5000, "\ud800"])
def test_what_is_no_object_has_a_name_and_takes_no_note(line):
    assert line_id(line) == line_id(line)
    assert not has_note(line)
    with pytest.raises(ValueError, match="JSON object"):
        with_note(line, NOTE)
