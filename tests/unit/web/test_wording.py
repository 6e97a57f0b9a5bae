"""The two languages say the same things."""

import string

from web.wording import wording


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_both_languages_have_the_same_keys():
    assert wording("zh").known == wording("en").known


def test_both_languages_fill_the_same_places():
    zh, en = wording("zh"), wording("en")
    assert {key: places(zh(key)) for key in zh.known} == {key: places(en(key)) for key in en.known}


def test_a_name_from_data_that_no_language_knows_is_shown_as_it_is():
    assert wording("zh").of("reason", "flag_X") == "flag_X"


def test_an_unknown_language_is_chinese():
    assert wording("xx").tag == "zh-CN"
