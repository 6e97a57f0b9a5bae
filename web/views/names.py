"""What people call the subjects of rates and findings, as the register has them; the id where it does not."""

from emissions.register import Outlet, Register


def enterprise_name(register: Register, outlet: Outlet) -> str:
    """Name of the enterprise that owns an outlet."""
    enterprise = register.enterprises.get(outlet.enterprise)
    return enterprise.name if enterprise is not None else outlet.enterprise


def outlet_name(register: Register, id_: str) -> str:
    """Enterprise and outlet."""
    outlet = register.outlets.get(id_)
    return f"{enterprise_name(register, outlet)} {outlet.name}" if outlet is not None else id_


def subject_name(register: Register, level: str, id_: str) -> str:
    """Name of an outlet, an enterprise, a county or a city."""
    if level == "outlet":
        return outlet_name(register, id_)
    if level == "enterprise":
        enterprise = register.enterprises.get(id_)
        return enterprise.name if enterprise is not None else id_
    division = register.divisions.get(id_)
    return division.name if division is not None else id_
