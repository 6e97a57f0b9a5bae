"""A library that repeats itself is heard once in a while; nobody else is held back."""

import logging

import pytest

from stackwatch.log_repeats import Repeats


@pytest.fixture
def heard():
    """A logging tree of its own: what got through, the clock's hands, and how to say something."""
    said, now = [], [0.0]
    repeats = Repeats("aiokafka", every_s=30, clock=lambda: now[0])

    def say(name, text, *values):
        record = logging.LogRecord(name, logging.ERROR, "", 0, text, values, None)
        if repeats.filter(record):
            said.append(record.getMessage())

    return said, now, say


def test_the_same_complaint_is_heard_once_in_a_while_with_the_number_left_out(heard):
    said, now, say = heard
    for n in range(100):
        now[0] = n * 0.4
        say("aiokafka.client", "Unable to connect to node %s: %s", 1, f"attempt {n}")
    assert said == [
        "Unable to connect to node 1: attempt 0",
        "Unable to connect to node 1: attempt 75 (and 74 more like it)",
    ]


def test_another_complaint_is_heard_at_once(heard):
    said, _, say = heard
    say("aiokafka.client", "Unable to connect")
    say("aiokafka.client", "Unable to update metadata")
    say("aiokafka.consumer", "Unable to connect")
    assert len(said) == 3


def test_our_own_words_are_never_held_back(heard):
    said, _, say = heard
    for _ in range(3):
        say("ingest.kafka", "Kafka did not take a message")
    assert len(said) == 3


def test_a_flood_of_different_complaints_does_not_fill_the_memory(heard):
    said, _, say = heard
    for n in range(2000):
        say("aiokafka", f"complaint {n}")
    assert len(said) == 2000
