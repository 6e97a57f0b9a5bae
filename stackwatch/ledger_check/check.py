"""One run checked from its ledger to its alerts."""

from dataclasses import dataclass, field
from typing import Any

from emissions.account import AccountHour
from emissions.beijing import to_beijing
from stackwatch.batch import Judged, judge_feed
from stackwatch.ledger_check.account_stage import account_stage, numbers_of
from stackwatch.ledger_check.fault import KINDS, STAGES, Faults, Stage
from stackwatch.ledger_check.feed_stage import trace
from stackwatch.ledger_check.judged_stages import stages
from stackwatch.ledger_check.run_folder import Run
from stackwatch.ledger_check.store_stage import stored


@dataclass(slots=True, kw_only=True)
class Checked:
    """What a check found."""

    stages: list[Stage]
    faults: Faults
    counts: dict[str, int] = field(default_factory=dict)
    """What the ledger adds up to."""

    @property
    def right(self) -> bool:
        """Nothing is lost and nothing is wrong."""
        return self.faults.grave == 0

    def stage(self, name: str) -> Stage:
        """One of the stages."""
        return next(stage for stage in self.stages if stage.stage == name)

    def content(self) -> dict[str, Any]:
        """For ``--json`` and ``report.json``."""
        return {
            "right": self.right,
            "ledger": self.counts,
            "stages": [
                {
                    "stage": stage.stage,
                    "expected": stage.expected,
                    "found": stage.found,
                    **{kind: self.faults.of(stage=stage.stage, kind=kind) for kind in KINDS},
                }
                for stage in self.stages
            ],
            "outlets": [
                {"outlet": outlet, "stage": stage, "kind": kind, "count": count}
                for (outlet, stage, kind), count in sorted(
                    self.faults.counts.items(), key=lambda item: (STAGES.index(item[0][1]), *item[0])
                )
            ],
            "first": self.faults.first,
        }


def check_run(run: Run, judged: Judged | None = None) -> Checked:
    """Follow every acknowledged value through all stages.

    Args:
        run: What the run left behind.
        judged: The batch oracle over the run's feed, where it has been made already.
    """
    book = run.book
    if judged is None:
        end = None if book.end is None else to_beijing(book.end)
        judged = judge_feed(run.feed, run.register, run.rules, as_of=end)
    fed = trace(run)
    faults = Faults()
    faults.add(fed.faults)
    through = book.got_through
    refused = {sent.number for sent in book.sent.values() if sent.refused}
    found = [
        Stage(stage="broker", expected=len(book.sent), found=len(book.acknowledged.get("puback", ()))),
        Stage(stage="feed", expected=len(through - refused), found=len((fed.found & through) - refused)),
        Stage(stage="quarantine", expected=len(through & refused), found=len(fed.found & through & refused)),
    ]
    account = [line for line in run.lines["accounts"] if isinstance(line, AccountHour)]
    own_word = account_stage(numbers_of(run.feed, run.register), account)
    for stage, problems in (stored(run, fed), *stages(run, judged), own_word):
        found.append(stage)
        faults.add(problems)
    return Checked(
        stages=found,
        faults=faults,
        counts={
            "sent": len(book.sent),
            "acknowledged": len(book.acknowledged.get("puback", ())),
            "answers_due": sum(bool(sent.answer) for sent in book.sent.values()),
            "answered": len(book.acknowledged.get("answer", ())),
            "in_feed_or_quarantine": len(fed.found),
            "refused": len(refused),
            "heartbeats": sum(sent.cn == "9015" for sent in book.sent.values()),
            "marks": len(book.marks),
            "expected_hours": len(book.expected),
        },
    )
