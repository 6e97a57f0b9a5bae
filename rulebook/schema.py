"""Pieces that the schemas of all YAML files share, and the way from a document to a validated value."""

from datetime import timedelta
from typing import Annotated, Any, Literal, TypeVar, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictStr, ValidationError
from pydantic_core import ErrorDetails

from rulebook.document import Document, Place, spelled
from rulebook.errors import BadFile, Problem, shown

Text = Annotated[StrictStr, Field(min_length=1)]


class Strict(BaseModel):
    """Base of every schema: no field that is not known, no value of another type, nothing changed afterwards."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        strict=True,
        allow_inf_nan=False,
        str_strip_whitespace=True,
        hide_input_in_errors=True,
    )


class Number(Strict):
    """A number of the rules as it stands in YAML: never without its unit, its rule and a sentence."""

    rule: Annotated[StrictStr, Field(pattern=r"^R([1-9]|1[0-9]|2[0-3])$")]
    meaning: Text


class Duration(Number):
    """A length of time, in whatever unit reads best."""

    value: Annotated[float, Field(gt=0, le=100_000)]
    unit: Literal["s", "min", "h", "d"]

    @property
    def span(self) -> timedelta:
        """The same as a value to calculate with."""
        match self.unit:
            case "s":
                return timedelta(seconds=self.value)
            case "min":
                return timedelta(minutes=self.value)
            case "h":
                return timedelta(hours=self.value)
            case "d":
                return timedelta(days=self.value)


class Percent(Number):
    """A share of something, in percent."""

    value: Annotated[float, Field(ge=0, le=100)]
    unit: Literal["%"]

    @property
    def share(self) -> float:
        """The same as a share of one."""
        return self.value / 100


class WholePercent(Number):
    """A percentage that counts are compared with in whole numbers (R14)."""

    value: Annotated[int, Field(ge=0, le=100)]
    unit: Literal["%"]


class Oxygen(Number):
    """An oxygen content of dry flue gas."""

    value: Annotated[float, Field(ge=0, lt=21)]
    unit: Literal["% v/v"]


class Concentration(Number):
    """A concentration, dry and at standard state."""

    value: float
    unit: Literal["mg/m³"]


class Height(Number):
    """A height above ground."""

    value: Annotated[float, Field(ge=0, le=1000)]
    unit: Literal["m"]


class MinutesOfHour(Number):
    """A number of minutes of one hour."""

    value: Annotated[int, Field(ge=0, le=60)]
    unit: Literal["min"]


class Hours(Number):
    """A number of hourly values, at least one."""

    value: Annotated[int, Field(ge=1, le=8784)]
    unit: Literal["h"]


class HoursOrNone(Number):
    """A number of hourly values; 0 switches off what it allows."""

    value: Annotated[int, Field(ge=0, le=8784)]
    unit: Literal["h"]


class Enterprises(Number):
    """A number of enterprises, at least one."""

    value: Annotated[int, Field(ge=1)]
    unit: Literal["enterprises"]


class Times(Number):
    """How many times something, at least once."""

    value: Annotated[float, Field(ge=1, le=1000)]
    unit: Literal["times"]


class DayOfMonth(Number):
    """A day that every month has."""

    value: Annotated[int, Field(ge=1, le=28)]
    unit: Literal["day of month"]


def _each_once(values: tuple[str, ...]) -> tuple[str, ...]:
    for value in values:
        if values.count(value) > 1:
            raise ValueError(f"each entry once, not {value!r} again")
    return values


Texts = Annotated[tuple[Text, ...], Field(strict=False), AfterValidator(_each_once)]
"""A YAML list of texts, none of them twice."""


Model = TypeVar("Model", bound=Strict)


def validate(document: Document, model: type[Model], *, secret: frozenset[str] = frozenset()) -> Model:
    """The document as a value of the schema.

    Args:
        document: The file as read.
        model: Its schema.
        secret: Fields of which an error must not show what stands there.

    Raises:
        BadFile: it does not fit; every field that does not is named with its line.
    """
    try:
        return model.model_validate(document.value)
    except ValidationError as error:
        problems = [_problem(document, model, detail, secret) for detail in error.errors(include_url=False)]
        raise BadFile(sorted(problems, key=lambda problem: problem.line or 0)) from error


def _problem(document: Document, model: type[Strict], detail: ErrorDetails, secret: frozenset[str]) -> Problem:
    place = tuple(step for step in detail["loc"] if step != "[key]")
    found = shown(detail["input"])
    match detail["type"]:
        case "missing":
            expected, found = "a value", "no such field"
        case "extra_forbidden":
            expected, found = f"one of the fields {', '.join(_fields_at(model, place[:-1]))}", shown(str(place[-1]))
        case "value_error":
            expected = str(detail["ctx"]["error"])
        case "model_type":
            expected = "a mapping"
        case "tuple_type":
            expected = "a list"
        case _:
            expected = detail["msg"].removeprefix("Input should be ").removeprefix("a valid ")
    if secret.intersection(step for step in place if isinstance(step, str)):
        found = "something else (not shown, it may hold a secret)"
    return Problem(file=document.file, line=document.line(place), field=spelled(place), expected=expected, found=found)


def _fields_at(model: type[BaseModel], place: Place) -> list[str]:
    """Names that the mapping at this place may have, as they are written in YAML."""
    current: Any = model
    for step in place:
        if isinstance(step, str) and isinstance(current, type) and issubclass(current, BaseModel):
            fields = {field.alias or name: field.annotation for name, field in current.model_fields.items()}
            current = _model_in(fields.get(step))
    return [field.alias or name for name, field in current.model_fields.items()] if current else []


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _model_in(part))), None)
