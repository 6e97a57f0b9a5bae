"""What people call an outlet, an enterprise or a county."""

from collections.abc import Callable

from emissions.register import Register

NameOf = Callable[[str], str]
"""From a code or an id to what people call it."""


def names_of(register: Register) -> NameOf:
    """From a code or an id to a name; what the register does not have keeps its code."""
    names = {division.code: division.name for division in register.divisions.values()}
    names |= {enterprise.id: enterprise.name for enterprise in register.enterprises.values()}
    for outlet in register.outlets.values():
        enterprise = register.enterprises.get(outlet.enterprise)
        names[outlet.id] = f"{enterprise.name} {outlet.name}" if enterprise is not None else outlet.name
    return lambda code: names.get(code, code)
