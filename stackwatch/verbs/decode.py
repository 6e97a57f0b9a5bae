"""``stackwatch decode``: raw frames in, one JSON line each out."""

import os
import sys
from collections.abc import Iterable, Iterator
from io import BufferedIOBase
from pathlib import Path
from typing import Any, cast

import click
import msgspec

from hj212.crc import CrcProfile
from hj212.decode import decode
from hj212.message import Fault, Message
from hj212.sm4 import BLOCK
from stackwatch.errors import UserError

_NOTHING = Message()
_CHUNK = 64 * 1024
_LONGEST = 128 * 1024
"""No frame is longer; what is, is no text of lines at all. [bytes]"""


def decoded_line(decoded: Message | Fault) -> dict[str, Any]:
    """One frame's outcome as ``decode`` prints it: all fields in the order of the interface, text as sent."""
    fault = decoded if isinstance(decoded, Fault) else None
    message = (decoded.message or _NOTHING) if isinstance(decoded, Fault) else decoded
    flag = message.flag
    line: dict[str, Any] = {
        "accepted": fault is None,
        "reason": None if fault is None else fault.reason,
        "qn": message.qn,
        "st": message.st,
        "cn": message.cn,
        "pw": message.pw,
        "mn": message.mn,
        "flag": None
        if flag is None
        else {
            "raw": flag.raw,
            "version": flag.version,
            "needs_answer": flag.needs_answer,
            "has_packet_number": flag.has_packet_number,
        },
        "pnum": message.pnum,
        "pno": message.pno,
        "rf": message.rf,
        "data_time": message.data_time,
        "values": message.values,
        "other": message.other,
        "crc": {"given": message.crc_given, "computed": message.crc_computed},
    }
    if fault is not None:
        line["detail"] = fault.detail
    return line


def decoded_lines(frames: Iterable[bytes], *, crc: CrcProfile, key: bytes | None) -> Iterator[bytes]:
    """One JSON line for each frame that is not blank."""
    encode = msgspec.json.Encoder().encode
    for frame in frames:
        if stripped := frame.rstrip(b"\r\n"):
            yield encode(decoded_line(decode(stripped, crc=crc, key=key)))


def _key(_context: click.Context, _parameter: click.Parameter, text: str | None) -> bytes | None:
    if text is None:
        return None
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) != BLOCK:
        raise click.BadParameter(f"{2 * BLOCK} hexadecimal digits are expected, not {len(text)} characters")
    return key


def batches(source: BufferedIOBase) -> Iterator[list[bytes]]:
    """Lines as they come in, together what came together. A line longer than any frame is cut off there."""
    rest, skipping = b"", False
    while chunk := source.read1(_CHUNK):
        *lines, rest = (rest + chunk).split(b"\n")
        if skipping and lines:
            del lines[0]
            skipping = False
        if len(rest) > _LONGEST:
            if not skipping:
                lines.append(rest[:_LONGEST])
            rest, skipping = b"", True
        if lines:
            yield lines
    if rest and not skipping:
        yield [rest]


def _run(source: BufferedIOBase, profile: CrcProfile, key: bytes | None) -> None:
    out = sys.stdout.buffer
    try:
        for frames in batches(source):
            out.write(b"".join(line + b"\n" for line in decoded_lines(frames, crc=profile, key=key)))
            out.flush()  # who reads a live feed through a pipe sees each frame as it comes
    except BrokenPipeError:
        # The reader has seen enough (`| head`). What is still buffered goes nowhere, so that nothing complains at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), out.fileno())


@click.command()
@click.option(
    "--profile",
    type=click.Choice([profile.value for profile in CrcProfile]),
    default=CrcProfile.STANDARD.value,
    show_default=True,
    help="Checksum of the logger.",
)
@click.option("--key", callback=_key, help="SM4 key of an encrypted 2025 logger, 32 hexadecimal digits.")
@click.argument("file", default="-")
def command(file: str, profile: str, key: bytes | None) -> None:
    """Decode FILE (or - for standard input), one raw frame a line, into one JSON line each; a bad one stops nothing."""
    if file == "-":
        _run(cast("BufferedIOBase", sys.stdin.buffer), CrcProfile(profile), key)
        return
    try:
        with Path(file).open("rb") as source:
            _run(source, CrcProfile(profile), key)
    except (FileNotFoundError, IsADirectoryError, PermissionError) as error:
        raise UserError(f"{file}: cannot be read: {error.strerror}") from error
