"""Schema of ``parameters.yaml``: every number of the rules, and the values that the other rooms take from it."""

from dataclasses import replace

from emissions.coverage import CoverageRule
from emissions.rules import Parameters, SuspicionRule
from rulebook.schema import (
    Concentration,
    DayOfMonth,
    Duration,
    Enterprises,
    Height,
    Hours,
    HoursOrNone,
    MinutesOfHour,
    Number,
    Oxygen,
    Percent,
    Strict,
    Text,
    Texts,
    Times,
    WholePercent,
)


class Judging(Strict):
    """R3 to R18: the fields of ``emissions.rules.Parameters``, under their own names."""

    ahead: Duration
    too_old: Duration
    no_combustion_o2_pct: Oxygen
    conversion_tolerance: Percent
    valid_minutes: MinutesOfHour
    value_minimum_mg_m3: Concentration
    mark_minutes: MinutesOfHour
    mark_deadline: Duration
    accident_hours_per_year: HoursOrNone
    running_o2_pct: Oxygen
    running_flow_share: Percent
    running_limit_share: Percent
    in_time: Duration
    rate_threshold_pct: WholePercent
    settled_day: DayOfMonth
    warning_hours: Hours
    exceeding_enterprises: Enterprises
    episode_end_hours: Hours

    def parameters(self) -> Parameters:
        """The same for the core."""
        return Parameters(
            ahead=self.ahead.span,
            too_old=self.too_old.span,
            no_combustion_o2_pct=self.no_combustion_o2_pct.value,
            conversion_tolerance=self.conversion_tolerance.share,
            valid_minutes=self.valid_minutes.value,
            value_minimum_mg_m3=self.value_minimum_mg_m3.value,
            mark_minutes=self.mark_minutes.value,
            mark_deadline=self.mark_deadline.span,
            accident_hours_per_year=self.accident_hours_per_year.value,
            running_o2_pct=self.running_o2_pct.value,
            running_flow_share=self.running_flow_share.share,
            running_limit_share=self.running_limit_share.share,
            in_time=self.in_time.span,
            rate_threshold_pct=self.rate_threshold_pct.value,
            settled_day=self.settled_day.value,
            warning_hours=self.warning_hours.value,
            exceeding_enterprises=self.exceeding_enterprises.value,
            episode_end_hours=self.episode_end_hours.value,
        )


class EarlyWarning(Strict):
    """R20: before the hour is over."""

    running: Duration
    """Converted values over the limit for this long on end."""


class Silence(Strict):
    """R21: when an outlet has gone quiet."""

    after: Duration
    """Nothing for this long ..."""
    intervals: Times
    """... which also has to be longer than this many of the outlet's own intervals."""


class Suspicion(Strict):
    """R22: the numbers of the rules of suspicion, by rule."""

    constant_hours: Hours
    constant_realtime: Duration
    limit_hugging_hours: Hours
    limit_hugging_share: Percent
    limit_hugging_from: Percent
    limit_hugging_to: Percent
    oxygen_dilution_tolerance: Percent
    oxygen_dilution_hours: Hours
    twin_curve_hours: Hours
    mark_at_peak_hours: Hours

    def rule(self) -> SuspicionRule:
        """The same for the core."""
        return SuspicionRule(
            constant_hours=self.constant_hours.value,
            constant_realtime=self.constant_realtime.span,
            hugging_hours=self.limit_hugging_hours.value,
            hugging_share=self.limit_hugging_share.share,
            hugging_from=self.limit_hugging_from.share,
            hugging_to=self.limit_hugging_to.share,
            dilution_tolerance=self.oxygen_dilution_tolerance.share,
            dilution_hours=self.oxygen_dilution_hours.value,
            twin_hours=self.twin_curve_hours.value,
            mark_hours=self.mark_at_peak_hours.value,
        )


class Industries(Number):
    """Names of industries."""

    value: Texts
    unit: Text


class Coverage(Strict):
    """R23: who must have a monitor."""

    height: Height
    industries: Industries
    """All of their outlets must."""
    other_industries: Industries
    """The words for all others, so that a slip of the pen is seen."""

    def rule(self, coal_categories: frozenset[str]) -> CoverageRule:
        """The same for the core; which categories burn coal is told by the standards."""
        return CoverageRule(
            height_m=self.height.value,
            coal_categories=coal_categories,
            industries=frozenset(self.industries.value),
        )

    @property
    def known_industries(self) -> frozenset[str]:
        """All words that the register's column ``industry`` may hold without a warning."""
        return frozenset(self.industries.value) | frozenset(self.other_industries.value)


class ParametersFile(Strict):
    """The whole file."""

    judging: Judging
    early_warning: EarlyWarning
    silence: Silence
    suspicion: Suspicion
    coverage: Coverage

    def core(self) -> Parameters:
        """The numbers that the core works with."""
        return replace(
            self.judging.parameters(),
            early_running=self.early_warning.running.span,
            silence_after=self.silence.after.span,
            silence_intervals=self.silence.intervals.value,
            suspicion=self.suspicion.rule(),
        )
