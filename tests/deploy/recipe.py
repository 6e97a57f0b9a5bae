"""The recipe of the image: what it says, and what its steps make in an empty place."""

import os
import re
import subprocess
import venv
from pathlib import Path

from tests.deploy.overlays import ROOT

DOCKERFILE = ROOT / "deploy" / "image" / "Dockerfile"
IGNORED = DOCKERFILE.with_name("Dockerfile.dockerignore")


def instructions(stage: str) -> list[tuple[str, str]]:
    """Keyword and argument of each instruction of a stage, a continued line made one."""
    text = re.sub(r"^#.*\n", "", DOCKERFILE.read_text(), flags=re.MULTILINE).replace("\\\n", " ")
    stages = re.split(r"^(?=FROM )", text, flags=re.MULTILINE)[1:]
    named = {"builder": stages[0], "final": stages[1]}
    lines = (line.split(maxsplit=1) for line in named[stage].splitlines() if line.strip())
    return [(keyword, argument) for keyword, argument in lines]


def tracked() -> list[str]:
    """Files of the project, those that are not committed yet as well."""
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    return subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()


def context_files() -> list[str]:
    """Files that a build is given: those below a name that is excepted from "everything"."""
    wanted = {line[1:] for line in IGNORED.read_text().splitlines() if line.startswith("!")}
    return [file for file in tracked() if file.split("/")[0] in wanted and (ROOT / file).exists()]


def build(place: Path) -> Path:
    """The environment that the builder's steps make, each run as written, with an empty Python of its own."""
    source, target = place / "source", place / "opt"
    for file in context_files():
        (source / file).parent.mkdir(parents=True, exist_ok=True)
        (source / file).write_bytes((ROOT / file).read_bytes())
    venv.create(place / "python", with_pip=True)
    env = {
        "PATH": f"{place / 'python' / 'bin'}:/usr/bin:/bin",
        "VENV": str(target),
        "HOME": str(Path.home()),
        # Where packages come from is the machine's own affair.
        **{
            name: value
            for name, value in os.environ.items()
            if name.startswith(("PIP_", "UV_", "SSL_", "http", "HTTP", "no_proxy", "NO_PROXY"))
        },
    }
    for keyword, argument in instructions("builder"):
        if keyword == "RUN":
            done = subprocess.run(
                ["sh", "-ec", argument], cwd=source, env=env, capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, done.stderr
    return target
