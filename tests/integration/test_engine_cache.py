"""What is got once is kept, checked, and made anew when it is not what it was."""

import threading
from pathlib import Path

import pytest

from deploy.engines.cache import installed
from deploy.engines.toolchain import EngineError, build, output


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "stackwatch"


class Maker:
    def __init__(self) -> None:
        self.made = 0

    def __call__(self, target: Path) -> None:
        self.made += 1
        (target / "server").write_text(f"build {self.made}")

    def get(self, version: str = "1", source: str = "abc") -> str:
        return (installed("engine", version=version, source=source, make=self) / "server").read_text()


def test_it_is_made_once():
    maker = Maker()
    assert [maker.get(), maker.get()] == ["build 1", "build 1"]


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda home: (home / "server").write_text("something else"), id="a file was changed"),
        pytest.param(lambda home: (home / "server").unlink(), id="a file is gone"),
        pytest.param(lambda home: (home / "more").touch(), id="a file was added"),
        pytest.param(lambda home: (home / "manifest.json").write_text("{"), id="the manifest is damaged"),
        pytest.param(lambda home: (home / "manifest.json").unlink(), id="the manifest is gone"),
    ],
)
def test_what_is_not_what_was_made_is_made_anew(cache, damage):
    maker = Maker()
    maker.get()
    damage(cache / "engine-1")
    assert maker.get() == "build 2"
    assert maker.get() == "build 2"


def test_another_source_is_made_anew_and_another_version_stands_beside(cache):
    maker = Maker()
    maker.get()
    assert maker.get(source="def") == "build 2"
    assert maker.get(version="2") == "build 3"
    assert {path.name for path in cache.iterdir() if path.is_dir()} == {"engine-1", "engine-2"}


def test_a_failure_leaves_nothing_behind(cache):
    def fail(target: Path) -> None:
        (target / "half").touch()
        raise EngineError("no network")

    with pytest.raises(EngineError):
        installed("engine", version="1", source="abc", make=fail)
    assert [path.name for path in cache.iterdir()] == ["engine-1.lock"]
    assert Maker().get() == "build 1"


def test_several_that_ask_at_once_make_it_once():
    maker = Maker()
    got: list[str] = []
    threads = [threading.Thread(target=lambda: got.append(maker.get())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got == ["build 1"] * 4


def test_a_command_that_fails_is_quoted(tmp_path):
    with pytest.raises(EngineError, match=r"sh -c echo why >&2; exit 3 failed \(3\): why"):
        output(["sh", "-c", "echo why >&2; exit 3"])
    log = tmp_path / "build.log"
    with pytest.raises(EngineError, match=r"failed \(3\), see .*build.log: why"):
        build(["sh", "-c", "echo why; exit 3"], cwd=tmp_path, log=log, report=lambda _: None)


def test_a_long_build_says_that_it_still_works(tmp_path, monkeypatch):
    monkeypatch.setattr("deploy.engines.toolchain.HEARTBEAT_S", 0.01)
    said: list[str] = []
    stop = tmp_path / "stop"

    def report(line: str) -> None:
        said.append(line)
        stop.touch()

    waiting = "echo one; until [ -e stop ]; do sleep 0.01; done"
    build(["sh", "-c", waiting], cwd=tmp_path, log=tmp_path / "build.log", report=report)
    assert "still at it" in said[0]
