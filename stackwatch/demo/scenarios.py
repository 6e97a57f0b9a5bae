"""Which scenario a person means: a file, or the name of one that is shipped."""

from pathlib import Path

from rulebook.errors import BadFile
from simulators.scenario import Scenario, load_scenario, shipped
from stackwatch.errors import UserError


def scenario_of(name: str) -> Scenario:
    """The scenario in a file, or the shipped one of that name.

    Raises:
        UserError: it cannot be used; one line with file, line, field and what was expected.
    """
    is_file = name.endswith((".yaml", ".yml")) or "/" in name
    try:
        return load_scenario(Path(name) if is_file else shipped(name))
    except BadFile as error:
        raise UserError(str(error)) from error
