import pytest

from contracts.progress import DEAD_AFTER_S, STALLED_AFTER_S, Progress


def seen(*looks, resting=None):
    """Progress after looks at (seconds, committed, ends)."""
    progress = Progress("judging")
    for now, committed, ends in looks:
        progress.observe(committed, ends, now=now, resting=resting)
    return progress


LATE, DEAD = STALLED_AFTER_S, DEAD_AFTER_S


@pytest.mark.parametrize(
    ("looks", "lag", "ready"),
    [
        pytest.param([], 0, True, id="not looked yet"),
        pytest.param([(0, {0: 5}, {0: 5}), (LATE, {0: 5}, {0: 5})], 0, True, id="nothing to do"),
        pytest.param([(0, {}, {0: 3}), (LATE - 1, {}, {0: 3})], 3, True, id="messages wait, not for long"),
        pytest.param(
            [(0, {}, {0: 3}), (LATE, {}, {0: 3})], 3, False, id="messages wait and nothing was ever committed"
        ),
        pytest.param([(0, {0: 5}, {0: 9}), (LATE, {0: 6}, {0: 99})], 93, True, id="far behind and moving"),
        pytest.param([(0, {0: 5}, {0: 9}), (LATE, {0: 5}, {0: 10})], 5, False, id="more arrives and nothing moves"),
        pytest.param([(0, {0: 5, 1: 7}, {0: 9, 1: 7}), (LATE, {0: 5, 1: 8}, {0: 9, 1: 8})], 4, True, id="one moves"),
        pytest.param([(0, {0: 5}, {0: 9}), (LATE, {0: 5}, {})], 0, True, id="no longer ours"),
        pytest.param(
            [(0, {0: 5}, {0: 5}), (LATE, {0: 5}, {0: 9})], 4, False, id="waits since the last look for all we know"
        ),
    ],
)
def test_ready_is_who_commits_or_has_nothing_to_do(looks, lag, ready):
    progress = seen(*looks)
    assert progress.lag == lag
    assert (progress.why_not_ready() is None) == ready


def test_what_holds_it_is_told_in_words():
    looks = [(0, {}, {0: 3}), (LATE, {}, {0: 3})]
    assert seen(*looks).why_not_ready() == "judging: 3 messages have waited for 30 s, nothing was committed"
    told = seen(*looks, resting="the series store cannot be used: refused").why_not_ready()
    assert told == "judging: 3 messages have waited for 30 s, the series store cannot be used: refused"


@pytest.mark.parametrize(
    ("until", "resting", "dead"),
    [
        pytest.param(DEAD, None, True, id="stuck for no reason: a new process may help"),
        pytest.param(DEAD - 1, None, False, id="not yet"),
        pytest.param(
            10 * DEAD, "the series store cannot be used", False, id="a new process would not bring the store back"
        ),
    ],
)
def test_dead_is_who_is_stuck_for_no_reason(until, resting, dead):
    progress = seen((0, {}, {0: 3}), (until, {}, {0: 3}), resting=resting)
    assert (progress.why_dead() is not None) == dead
