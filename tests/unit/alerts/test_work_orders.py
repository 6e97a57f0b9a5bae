"""Work orders and their two rates."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts import work_orders
from alerts.escalation import Terms
from alerts.transition import Incomplete, NotAllowed
from alerts.work_orders import Counted, Order, Share, rates
from tests.unit.alerts.scene import DAY, HOUR, T0

TERMS = Terms()
START, END = T0, T0 + 30 * DAY
LATER = END + 30 * DAY


def made(due: timedelta = 2 * DAY) -> Order:
    return work_orders.order(due_at=T0 + due, assignee="", by="李四", note="", at=T0, terms=TERMS)[0]


def counted(
    due: int,
    *,
    done: int | None = None,
    closed: int | None = None,
    cancelled: int | None = None,
    kind: str = "maintenance",
    planned: bool = True,
) -> Counted:
    """Days after T0."""

    def day(number: int | None) -> datetime | None:
        return None if number is None else T0 + number * DAY

    return Counted(
        kind=kind,
        planned=planned,
        due_at=T0 + due * DAY,
        done_at=day(done),
        closed_at=day(closed),
        cancelled_at=day(cancelled),
    )


@pytest.mark.parametrize(
    ("orders", "closing", "maintenance"),
    [
        pytest.param([], (0, 0, None), (0, 0, None), id="nothing was due: no rate"),
        pytest.param([counted(5, done=4, closed=5)], (1, 1, 100.0), (1, 1, 100.0), id="done and closed"),
        pytest.param([counted(5, done=4)], (1, 0, 0.0), (1, 1, 100.0), id="done but not closed"),
        pytest.param([counted(5), counted(6, done=5, closed=6)], (2, 1, 50.0), (2, 1, 50.0), id="one of two"),
        pytest.param([counted(35, done=4, closed=5)], (0, 0, None), (0, 0, None), id="due in another month"),
        pytest.param(
            [counted(5, done=4, closed=5, kind="repair", planned=False)],
            (1, 1, 100.0),
            (0, 0, None),
            id="a repair is no planned maintenance",
        ),
        pytest.param(
            [counted(5, done=4, closed=5, planned=False)], (1, 1, 100.0), (0, 0, None), id="maintenance without a plan"
        ),
        pytest.param([counted(5, cancelled=4)], (0, 0, None), (0, 0, None), id="cancelled before it was due"),
        pytest.param([counted(5, cancelled=6)], (1, 0, 0.0), (1, 0, 0.0), id="cancelled when it was overdue"),
        pytest.param(
            [counted(day, done=day, closed=day) for day in (1, 2)] + [counted(3)],
            (3, 2, 66.67),
            (3, 2, 66.67),
            id="two decimals",
        ),
    ],
)
def test_rates(
    orders: list[Counted], closing: tuple[int, int, float | None], maintenance: tuple[int, int, float | None]
) -> None:
    found = rates(orders, start=START, end=END, as_of=LATER)
    assert (found.closing.of, found.closing.done, found.closing.pct) == closing
    assert (found.maintenance.of, found.maintenance.done, found.maintenance.pct) == maintenance


def test_what_is_not_due_yet_and_what_happens_later_does_not_count() -> None:
    orders = [counted(5, done=4, closed=8), counted(20)]
    found = rates(orders, start=START, end=END, as_of=T0 + 6 * DAY)
    assert found.closing == Share(of=1, done=0, in_time=0)
    assert found.maintenance == Share(of=1, done=1, in_time=1)


def test_late_ones_count_as_done_and_are_told_apart() -> None:
    found = rates([counted(5, done=7, closed=9), counted(6, done=6, closed=6)], start=START, end=END, as_of=LATER)
    assert found.closing == Share(of=2, done=2, in_time=1)


days = st.none() | st.integers(0, 60)


@given(
    st.lists(
        st.builds(
            counted,
            st.integers(0, 60),
            done=days,
            closed=days,
            cancelled=days,
            kind=st.sampled_from(work_orders.KINDS),
            planned=st.booleans(),
        )
    ),
    st.integers(0, 60),
)
def test_a_share_is_never_more_than_the_whole(orders: list[Counted], day: int) -> None:
    found = rates(orders, start=START, end=END, as_of=T0 + day * DAY)
    for share in (found.closing, found.maintenance):
        assert 0 <= share.in_time <= share.done <= share.of
        assert (share.pct is None) == (share.of == 0)
    assert found.maintenance.of <= found.closing.of


def test_a_return_gives_the_time_of_a_repair_and_counts() -> None:
    done, _ = work_orders.report_done(made(), by="运维", note="已换", at=T0 + HOUR, terms=TERMS)
    back, event = work_orders.send_back(done, by="李四", reason="未校准", at=T0 + 2 * HOUR, terms=TERMS)
    assert work_orders.deadline_of(back.state) == T0 + 50 * HOUR
    assert event.detail == {"times": 1}


def test_a_missed_due_date_goes_up_level_by_level_and_is_repeated() -> None:
    given_, names = made(), []
    for days_later in (2, 3, 4, 5):
        moved = work_orders.tick(given_, now=T0 + days_later * DAY, terms=TERMS)
        assert moved is not None
        given_, event = moved
        names.append((event.name, given_.level))
    assert names == [
        ("escalated", "county_head"),
        ("escalated", "city_supervisor"),
        ("reminded", "city_supervisor"),
        ("reminded", "city_supervisor"),
    ]


def test_what_does_not_follow_is_refused() -> None:
    with pytest.raises(NotAllowed, match="open since"):
        work_orders.close(made(), by="李四", note="", at=T0)
    cancelled, _ = work_orders.cancel(made(), by="李四", reason="重复", at=T0)
    with pytest.raises(NotAllowed, match="cancelled by 李四"):
        work_orders.report_done(cancelled, by="运维", note="x", at=T0, terms=TERMS)
    with pytest.raises(Incomplete, match="not after now"):
        work_orders.order(due_at=T0, assignee="", by="李四", note="", at=T0, terms=TERMS)
    assert work_orders.tick(cancelled, now=LATER, terms=TERMS) is None
