"""Attached files: in the database or in a folder, the same for whoever asks."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from alerts.attachments import Folder, Limits, TooLarge, examined
from alerts.database import open_database
from alerts.filing import Gone
from alerts.policy import Policy
from alerts.repository import Incomplete, NotFound, Repository
from tests.unit.alerts.scene import T0, exceedance

TEXT = {"name": "a.txt", "media_type": "text/plain", "content": "现场记录".encode(), "by": "张三", "now": T0}


@pytest.fixture(params=["database", "folder"])
def desk(request: pytest.FixtureRequest, tmp_path: Path, fresh: str) -> Iterator[Repository]:
    folder = tmp_path / "files" if request.param == "folder" else None
    made = Repository(open_database(fresh), attachments=folder, policy=Policy(attachments=Limits(largest=1000, most=3)))
    made.take_in([exceedance(name="f1"), exceedance(name="f2")], now=T0)
    yield made
    made.engine.dispose()


def test_what_was_put_in_comes_back_with_its_hash_in_the_audit_log(desk: Repository) -> None:
    put = desk.files.add("alert", "f1", note="记录", **TEXT)
    got = desk.files.one("alert", "f1", put.id)
    assert (got.content, got.about) == (TEXT["content"], put)
    event = desk.timeline("f1")[-1]
    assert (event.name, event.reason) == ("attached", "记录")
    assert event.detail == {"file": put.id, "name": "a.txt", "size": put.size, "sha256": put.sha256}
    assert desk.files.all("alert", "f1") == [put]
    assert desk.broken_audit() == []


def test_a_file_is_found_only_where_it_was_put(desk: Repository) -> None:
    put = desk.files.add("alert", "f1", **TEXT)
    with pytest.raises(NotFound):
        desk.files.one("alert", "f2", put.id)
    with pytest.raises(NotFound):
        desk.of_county("371503").files.one("alert", "f1", put.id)
    with pytest.raises(NotFound):
        desk.files.add("alert", "nothing", **TEXT)


def test_there_is_an_end_to_it(desk: Repository) -> None:
    for _ in range(3):
        desk.files.add("alert", "f1", **TEXT)
    before = desk.timeline("f1")
    with pytest.raises(Incomplete, match="3 files"):
        desk.files.add("alert", "f1", **TEXT)
    with pytest.raises(TooLarge):
        desk.files.add("alert", "f2", **TEXT | {"content": b"x" * 1001})
    assert desk.timeline("f1") == before, "what is refused leaves no trace"


def test_a_file_that_is_gone_from_its_folder_is_said_to_be_gone(tmp_path: Path, fresh: str) -> None:
    desk = Repository(open_database(fresh), attachments=tmp_path / "files")
    desk.take_in([exceedance()], now=T0)
    put = desk.files.add("alert", "f1", **TEXT)
    for file in (tmp_path / "files").rglob("*"):
        if file.is_file():
            file.unlink()
    with pytest.raises(Gone, match="cannot be read"):
        desk.files.one("alert", "f1", put.id)
    with pytest.raises(Gone, match="this process has none"):
        Repository(desk.engine).files.one("alert", "f1", put.id)
    desk.engine.dispose()


def test_the_same_content_is_kept_once_and_nothing_half(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "files")
    file = examined("a.txt", "text/plain", b"the same", Limits())
    folder.put(file)
    folder.put(examined("b.txt", "text/plain", b"the same", Limits()))
    kept = [path for path in (tmp_path / "files").rglob("*") if path.is_file()]
    assert [path.name for path in kept] == [file.sha256]


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        pytest.param("a.txt", "a.txt", id="a plain name"),
        pytest.param("../../etc/a.txt", "a.txt", id="a way out"),
        pytest.param("C:\\Users\\me\\a.txt", "a.txt", id="a way of another system"),
        pytest.param("现场 记录.txt", "现场 记录.txt", id="a name with letters of its own"),
    ],
)
def test_a_name_is_kept_without_any_folder(name: str, kept: str) -> None:
    assert examined(name, "text/plain", b"x", Limits()).name == kept


@pytest.mark.parametrize("name", ["", "..", "a\n.txt", "x" * 300 + ".txt", "a\u202etxt.exe"])
def test_a_name_that_is_none(name: str) -> None:
    with pytest.raises(Incomplete):
        examined(name, "text/plain", b"x", Limits())
