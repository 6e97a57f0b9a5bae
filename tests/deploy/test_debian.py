"""Debian's packages, unpacked beside the machine's own, find each other's libraries."""

import pytest

from deploy.engines.debian import libraries


@pytest.mark.parametrize(
    ("files", "folders"),
    [
        pytest.param(["usr/lib/x86_64-linux-gnu/libnss3.so"], ["usr/lib/x86_64-linux-gnu"], id="in the usual folder"),
        pytest.param(
            ["usr/lib/x86_64-linux-gnu/libpulse.so.0", "usr/lib/x86_64-linux-gnu/pulseaudio/libpulsecommon-16.1.so"],
            ["usr/lib/x86_64-linux-gnu", "usr/lib/x86_64-linux-gnu/pulseaudio"],
            id="in a folder of the package's own, as PulseAudio does",
        ),
        pytest.param(["lib/aarch64-linux-gnu/libsystemd.so.0"], ["lib/aarch64-linux-gnu"], id="outside usr"),
        pytest.param(["usr/lib/chromium/libEGL.so", "usr/share/doc/libnss3/README"], [], id="no library of others"),
    ],
)
def test_folders_of_unpacked_libraries_are_told(tmp_path, files, folders):
    for name in files:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert libraries(tmp_path) == ":".join(str(tmp_path / folder) for folder in folders)
