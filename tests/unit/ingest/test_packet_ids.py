import pytest

from ingest.packet_ids import PacketIds


def test_a_message_sent_again_under_its_own_id_is_the_same_one_and_acknowledged_once():
    ids = PacketIds()
    assert ids.took(7, "a", again=False)
    assert not ids.took(7, "a", again=True)
    assert ids.finished(7) == 1


def test_another_message_under_an_id_in_use_is_new_and_no_puback_goes_before_both_are_done():
    ids = PacketIds()
    assert ids.took(7, "a", again=False)
    assert ids.took(7, "b", again=False)
    assert ids.finished(7) == 0, "the broker would take it for the one that is not safe yet"
    assert ids.finished(7) == 2


def test_another_message_is_new_also_when_the_broker_sends_both_again_on_a_new_connection():
    ids = PacketIds()
    assert [ids.took(7, content, again=True) for content in "abab"] == [True, True, False, False]


def test_equal_messages_that_the_broker_does_not_call_the_same_are_both_acknowledged():
    ids = PacketIds()
    assert ids.took(7, "a", again=False)
    assert ids.took(7, "a", again=False)
    assert [ids.finished(7), ids.finished(7)] == [0, 2]


def test_an_id_is_free_after_its_puback():
    ids = PacketIds()
    for _ in range(3):
        assert ids.took(7, "a", again=True)
        assert ids.finished(7) == 1
    with pytest.raises(KeyError):
        ids.finished(7)


def test_a_new_connection_knows_nothing_of_the_ids_before():
    ids = PacketIds()
    ids.took(7, "a", again=False)
    ids.clear()
    assert ids.took(7, "a", again=True)
    assert ids.finished(7) == 1
