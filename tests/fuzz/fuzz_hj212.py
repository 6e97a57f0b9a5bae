"""Coverage-guided fuzzing of the decoder and the framer: ``python tests/fuzz/fuzz_hj212.py tests/golden/hj212``.

Needs ``atheris`` (not part of the locked environment); stops by itself with ``-runs=N`` or ``-max_total_time=N``.
"""

import sys

import atheris

with atheris.instrument_imports():
    from hj212 import answers
    from hj212.decode import decode
    from hj212.encode import frame
    from hj212.framing import Framer, split
    from hj212.message import Message


def one_input(data: bytes) -> None:
    """Nothing raises, nothing is lost, and a framer finds the same frames however the stream is cut."""
    key = data[:16] if len(data) >= 16 else None
    for candidate in (data, frame(data[:9999])):
        decoded = decode(candidate, key=key)
        answered = not isinstance(decoded, Message) or isinstance(decode(answers.data_answer(decoded)), Message)
        if not answered:
            raise AssertionError("what was accepted cannot be answered")
    pieces = split(data)
    if b"".join(pieces).translate(None, b"\r\n") != data.translate(None, b"\r\n"):
        raise AssertionError("a payload lost bytes")
    half = len(data) // 2
    whole, cut = Framer(), Framer()
    if cut.feed(data[:half]) + cut.feed(data[half:]) + cut.close() != whole.feed(data) + whole.close():
        raise AssertionError("the frames depend on how the stream was cut")


atheris.Setup(sys.argv, one_input)
atheris.Fuzz()
