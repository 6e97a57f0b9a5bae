"""What must hold for every frame and every stream of bytes."""

import string

from hypothesis import given, settings
from hypothesis import strategies as st

from hj212.crc import CrcProfile
from hj212.decode import decode
from hj212.encode import Unencodable, frame, message
from hj212.framing import Framer, split
from hj212.message import Fault, Message

word = st.text(string.ascii_letters + string.digits, min_size=1, max_size=8)
text = st.text(st.characters(codec="utf-8", exclude_characters="&;,\r\n/", exclude_categories=["C"]), max_size=12)
quoted = st.text(st.sampled_from("ab;,= 烟"), max_size=12).map(lambda t: f"//{t}//")
any_text = st.text(st.sampled_from("a1;,=&/-{}0x \r\n烟"), max_size=8)
values = st.dictionaries(word, st.dictionaries(word, text | quoted, min_size=1, max_size=4), max_size=5)
moments = st.datetimes().filter(lambda m: m.year >= 1000).map(lambda m: m.strftime("%Y%m%d%H%M%S"))
fields = st.fixed_dictionaries(
    {
        "st": st.sampled_from(["31", "32", "91"]),
        "cn": st.sampled_from(["2011", "2051", "2061", "2031"]),
        "mn": st.text(string.ascii_uppercase + string.digits, min_size=1, max_size=24),
        "data_time": moments,
        "values": values,
        "qn": st.none() | st.just("20261124110005001"),
        "flag": st.none() | st.sampled_from([0, 1, 4, 5, 8, 9]),
        "rf": st.booleans(),
    }
)
keys = st.none() | st.binary(min_size=16, max_size=16)


@given(fields, st.sampled_from(CrcProfile), keys)
def test_what_is_encoded_is_decoded(sent, crc, key):
    decoded = decode(message(**sent, crc=crc, key=key), crc=crc, key=key)
    assert isinstance(decoded, Message), decoded
    assert (decoded.st, decoded.cn, decoded.mn, decoded.qn) == (sent["st"], sent["cn"], sent["mn"], sent["qn"])
    assert decoded.data_time == sent["data_time"]
    assert decoded.values == sent["values"]
    assert decoded.rf == ("1" if sent["rf"] else None)


@given(st.dictionaries(any_text, any_text, max_size=3), st.dictionaries(any_text, st.dictionaries(any_text, any_text)))
def test_what_would_not_come_back_as_it_was_is_not_encoded(other, values):
    try:
        sent = message(st="31", cn="3020", mn="1", flag=4, other=other, values=values)
    except Unencodable:
        return
    decoded = decode(sent)
    assert isinstance(decoded, Message)
    assert (decoded.other, decoded.values) == (other, {code: items for code, items in values.items() if items})


@given(st.binary(max_size=300), keys)
def test_no_bytes_make_the_decoder_raise(data, key):
    for candidate in (data, b"##" + data, frame(data)):
        decoded = decode(candidate, key=key)
        assert isinstance(decoded, Fault | Message)


@given(fields, st.data(), keys)
def test_no_damage_makes_the_decoder_raise_and_one_changed_byte_is_refused(sent, draw, key):
    whole = message(**sent, key=key).rstrip()
    place = draw.draw(st.integers(0, len(whole) - 1))
    byte = draw.draw(st.integers(0, 255).filter(lambda b: b != whole[place]))
    decoded = decode(whole[:place] + bytes([byte]) + whole[place + 1 :], key=key)
    if key is None and 6 <= place < len(whole) - 4:
        assert isinstance(decoded, Fault)


@settings(max_examples=200)
@given(st.lists(fields, max_size=4), st.lists(st.binary(max_size=20), min_size=5, max_size=5), st.data())
def test_however_a_stream_is_cut_its_frames_are_the_same(sent, noise, draw):
    stream = b"".join(gap + message(**one) for gap, one in zip(noise, sent, strict=False)) + noise[-1]
    whole = Framer().feed(stream)
    cuts = sorted(draw.draw(st.lists(st.integers(0, len(stream)), max_size=6)))
    framer, given_back = Framer(), []
    for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        given_back += framer.feed(stream[start:end])
    assert given_back == whole


scraps = st.lists(
    st.sampled_from([b"#", b"##", b"##0004", b"##0010", b"ab&&", b"CP=&&{0x", b"0A0a", b"\r", b"\n", b"\r\n", b"x"]),
    max_size=30,
).map(b"".join)


@settings(max_examples=500)
@given(scraps)
def test_scraps_of_frames_are_cut_the_same_byte_by_byte(stream):
    whole, piecemeal = Framer(), Framer()
    at_once = whole.feed(stream) + whole.close()
    assert [f for byte in stream for f in piecemeal.feed(bytes([byte]))] + piecemeal.close() == at_once
    assert piecemeal.garbage == whole.garbage
    lost = len(stream.translate(None, b"\r\n")) - sum(len(f.translate(None, b"\r\n")) for f in at_once)
    assert lost == whole.garbage


@given(scraps | st.binary(max_size=400))
def test_splitting_a_payload_loses_only_line_ends(payload):
    pieces = split(payload)
    assert b"".join(pieces).replace(b"\r", b"").replace(b"\n", b"") == payload.replace(b"\r", b"").replace(b"\n", b"")


@given(st.lists(fields, min_size=1, max_size=4), st.booleans())
def test_a_payload_of_several_frames_is_split_into_them(sent, line_ends):
    frames = [message(**one) for one in sent]
    payload = b"".join(f if line_ends else f.rstrip() for f in frames)
    assert split(payload) == [f.rstrip() for f in frames]
