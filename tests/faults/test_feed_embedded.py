"""Poison, late data and wrong clocks on the embedded parts."""

from tests.faults.feed_suite import FeedSuite


class TestFeed(FeedSuite):
    """Put into one running system."""

    ENGINES = "embedded"
