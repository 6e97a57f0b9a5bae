"""A headless Chromium for tests of the pages, with a font that has Chinese: the machine's own, or Debian's unpacked."""

import os
import shutil
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from xml.sax.saxutils import escape

from deploy.engines.cache import installed, progress
from deploy.engines.debian import libraries, release, unpack

_report = partial(progress, "chromium")

_OWN = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
_PACKAGES = ("chromium-headless-shell", "chromium-common")
"""The second holds what the first reads beside itself, so it is unpacked also where the machine has it already."""
_FONTS = ("fonts-wqy-microhei",)
"""1.6 MB for Chinese and Latin alike: a screenshot looks the same on every machine."""

_FONT_SETTINGS = """\
<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>{fonts}</dir>
  <cachedir>{cache}</cachedir>
</fontconfig>
"""

OPTIONS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
"""It talks to nobody but the site under test."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chromium:
    """What a driver needs to start the browser."""

    executable: str
    env: dict[str, str]
    options: tuple[str, ...] = OPTIONS


def chromium(data_dir: Path) -> Chromium:
    """The browser; its font settings are written into the folder.

    Raises:
        EngineError: it cannot be had.
    """
    data_dir.mkdir(parents=True, exist_ok=True)
    fonts = installed("chromium-fonts", version=release(), source=" ".join(_FONTS), make=_make_fonts)
    settings = data_dir / "fonts.conf"
    text = _FONT_SETTINGS.format(fonts=escape(str(fonts / "usr/share/fonts")), cache=escape(str(data_dir / "fonts")))
    settings.write_text(text)
    env = {**os.environ, "FONTCONFIG_FILE": str(settings)}
    for name in _OWN:
        if (own := shutil.which(name)) is not None:
            return Chromium(executable=own, env=env)
    return unpacked(env)


def unpacked(env: dict[str, str]) -> Chromium:
    """Debian's browser, unpacked in the cache with the libraries that this machine has not."""
    home = installed("chromium", version=release(), source=" ".join(_PACKAGES), make=_make)
    env = env | {"LD_LIBRARY_PATH": libraries(home)}
    return Chromium(executable=str(home / "usr/lib/chromium/chromium-headless-shell"), env=env)


def _make(target: Path) -> None:
    unpack(_PACKAGES, target, report=_report)


def _make_fonts(target: Path) -> None:
    unpack(_FONTS, target, report=_report)
