"""Somebody who is known: what all that is shown and done depends on."""

from dataclasses import dataclass

from people.roles import RIGHTS, Right, Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A person who is logged in, or a machine that shows a token."""

    id: int | None
    """Number of the account; None for a machine."""
    login: str
    """Name to log in with; ``token:<name>`` for a machine."""
    name: str
    role: Role
    county: str | None
    """Code of the only county that is seen; None: the whole city."""
    language: str = ""
    """Chosen language of the pages; empty: the browser's."""
    must_change: bool = False
    """The password was set by somebody else and has to be replaced first."""
    token: str = ""
    """Name of the token by which it asks; empty: in person."""

    @property
    def by(self) -> str:
        """How it stands in logs and time lines: never the same for two."""
        if self.id is None:
            return self.login
        who = f"{self.name} ({self.login})" if self.name != self.login else self.login
        return f"{who} · {self.token}" if self.token else who

    def holds(self, right: Right) -> bool:
        """Whether the role has the right at all, somewhere."""
        return right in RIGHTS[self.role]

    def sees(self, county: str | None) -> bool:
        """Whether something of this county is there for this person; None: something of the city as a whole."""
        return self.county is None or self.county == county


def may(person: Person, right: Right, county: str | None) -> bool:
    """Whether somebody may do something to a thing of this county; None: a thing of the city as a whole.

    For another county's thing this is never asked: it is not there (404) before anyone looks at rights (403).
    """
    return person.holds(right) and person.sees(county)
