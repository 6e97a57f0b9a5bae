"""A data folder that cannot be written to is told in one line that names it, before anything is taken in."""

import os
import subprocess
import sys

import pytest

from deploy.engines.toolchain import program
from stores import open_store
from tests.conformance.points import hour

STACKWATCH = [sys.executable, "-m", "stackwatch"]


def without_roots_rights() -> list[str]:
    """What to put before a command so that permissions bind it also where the tests run as root."""
    if os.geteuid() != 0:
        return []
    return [program("setpriv", package="util-linux"), "--bounding-set", "-dac_override", "--"]


@pytest.fixture
def read_only(tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    folder.chmod(0o555)
    yield folder
    folder.chmod(0o755)


def run(*arguments, **env):
    return subprocess.run(
        [*without_roots_rights(), *STACKWATCH, *arguments],
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    ("arguments", "env", "named"),
    [
        pytest.param(
            ["alerts"],
            {"STACKWATCH_DATABASE": "sqlite:///{}/alerts.sqlite"},
            "unable to open database file",
            id="the alert process and its database",
        ),
        pytest.param(["demo", "--for", "1", "--data", "{}/demo"], {}, "--data {}/demo", id="the demo and its data"),
        pytest.param(
            ["simulate", "quiet", "--ledger", "{}/ledger.jsonl"], {}, "--ledger {}/ledger.jsonl", id="a simulated fleet"
        ),
    ],
)
def test_a_process_that_cannot_write_says_where_and_does_not_begin(arguments, env, named, read_only):
    done = run(
        *(argument.format(read_only) for argument in arguments),
        **{name: value.format(read_only) for name, value in env.items()},
    )
    assert done.returncode == 2, done.stderr
    (line,) = [said for said in done.stderr.splitlines() if said.startswith("stackwatch")]
    assert named.format(read_only) in line
    assert str(read_only) in line


def test_a_store_that_cannot_write_refuses_by_name_and_keeps_nothing_half(read_only):
    code = (
        "import sys; from stores import StoreUnavailable, open_store; from tests.conformance.points import hour\n"
        "try: open_store(f'sqlite:///{sys.argv[1]}/series.sqlite').write([hour()])\n"
        "except StoreUnavailable as error: print(error)"
    )
    command = [*without_roots_rights(), sys.executable, "-c", code, str(read_only)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert f"SQLite file {read_only}/series.sqlite" in done.stdout
    assert list(read_only.iterdir()) == []


def test_a_file_that_has_become_read_only_is_refused_and_what_it_had_stays(tmp_path):
    """As after a file system's error, when Linux goes on without writing."""
    path = tmp_path / "series.sqlite"
    store = open_store(f"sqlite:///{path}")
    store.write([hour()])
    store.close()
    before = path.read_bytes()
    code = (
        "import sys; from stores import StoreUnavailable, open_store; from tests.conformance.points import hour\n"
        "try: open_store(f'sqlite:///{sys.argv[1]}').write([hour(revision=1)])\n"
        "except StoreUnavailable as error: print(error)"
    )
    path.chmod(0o444)
    tmp_path.chmod(0o555)
    try:
        command = [*without_roots_rights(), sys.executable, "-c", code, str(path)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    finally:
        tmp_path.chmod(0o755)
    assert "readonly database" in done.stdout
    assert path.read_bytes() == before
