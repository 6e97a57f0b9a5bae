"""One logger's flood is held up, then refused; nobody else notices, and nothing disappears."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from ingest.pacing import Pace, Pacer, Verdict, cost_of

PACE = Pace(per_s=10, burst=5, waiting=3, waiting_in_all=4)


def verdicts(pacer, sender, count, *, now=0.0, cost=1.0):
    return [pacer.offer(sender, f"{sender}{n}", cost=cost, now=now) for n in range(count)]


def test_a_burst_passes_then_some_wait_and_the_rest_is_refused():
    found = Counter(verdicts(Pacer(PACE), "a", 20))
    assert found == {Verdict.PASS: 5, Verdict.WAIT: 3, Verdict.REFUSE: 12}


def test_what_waits_passes_in_its_order_at_the_allowed_speed():
    pacer = Pacer(PACE)
    verdicts(pacer, "a", 8)
    assert list(pacer.due(0.0)) == []
    assert list(pacer.due(0.1)) == ["a5"]
    assert list(pacer.due(10.0)) == ["a6", "a7"]
    assert pacer.waiting == 0


def test_nobody_overtakes_those_of_its_own_who_wait():
    pacer = Pacer(PACE)
    verdicts(pacer, "a", 6)
    assert pacer.offer("a", "late", cost=1, now=60.0) is Verdict.WAIT
    assert list(pacer.due(60.0)) == ["a5", "late"]


def test_another_logger_passes_as_if_there_were_no_flood():
    pacer = Pacer(PACE)
    verdicts(pacer, "a", 100)
    assert verdicts(pacer, "b", 5) == [Verdict.PASS] * 5


def test_many_who_flood_together_hold_no_more_places_than_are_given():
    pacer = Pacer(PACE)
    for sender in "abcdef":
        verdicts(pacer, sender, 20)
    assert pacer.waiting == 4


def test_a_large_payload_is_taken_once_and_paid_back():
    pacer = Pacer(PACE)
    assert pacer.offer("a", "large", cost=cost_of(20 * 1024), now=0.0) is Verdict.PASS
    assert pacer.offer("a", "next", cost=1, now=1.5) is Verdict.WAIT
    assert list(pacer.due(1.5)) == []
    assert list(pacer.due(1.7)) == ["next"]


def test_what_waits_can_be_dropped_when_the_broker_will_send_it_again():
    pacer = Pacer(PACE)
    verdicts(pacer, "a", 8)
    pacer.forget_waiting()
    assert (list(pacer.due(100.0)), pacer.waiting) == ([], 0)


def test_without_a_limit_all_passes():
    assert set(verdicts(Pacer(Pace(per_s=0)), "a", 50_000)) == {Verdict.PASS}


def test_memory_is_bounded_by_those_who_are_not_idle():
    pacer = Pacer(PACE)
    for n in range(30_000):
        pacer.offer(f"logger{n}", n, cost=1, now=float(n))
    assert len(pacer._senders) <= 10_001


events = st.lists(st.tuples(st.sampled_from("abc"), st.floats(0, 0.5), st.integers(0, 5000)), max_size=200)


@given(events)
def test_every_message_passes_waits_or_is_refused_once_and_none_is_lost(sent):
    pacer, now, passed, refused = Pacer(PACE), 0.0, [], []
    for number, (sender, pause, size) in enumerate(sent):
        now += pause
        passed += pacer.due(now)
        verdict = pacer.offer(sender, (sender, number), cost=cost_of(size), now=now)
        if verdict is Verdict.PASS:
            passed.append((sender, number))
        elif verdict is Verdict.REFUSE:
            refused.append((sender, number))
    for step in range(1, 10):  # a bucket is never fuller than full, and a large message empties it
        passed += pacer.due(now + step * 10_000)
    assert sorted(passed + refused, key=lambda item: item[1]) == [(s, n) for n, (s, _, _) in enumerate(sent)]
    for sender in "abc":
        own = [number for name, number in passed if name == sender]
        assert own == sorted(own)


@given(events)
def test_in_the_long_run_no_logger_gets_more_than_its_pace(sent):
    pacer, now, spent = Pacer(PACE), 0.0, Counter()
    largest = max((cost_of(size) for _, _, size in sent), default=0)
    for sender, pause, size in sent:
        now += pause
        for name, cost in pacer.due(now):
            spent[name] += cost
        if pacer.offer(sender, (sender, cost_of(size)), cost=cost_of(size), now=now) is Verdict.PASS:
            spent[sender] += cost_of(size)
        for name, total in spent.items():
            assert total <= PACE.burst + now * PACE.per_s + largest + 1e-6, name
