"""What the pages' framework asks of a handler's signature, asked once.

Each element has three collections (classes, style, attributes), and for each the framework reads with ``inspect``
whether their handler wants arguments: a third of the time that a page takes, and for methods of the same few classes
always the same answer. It is remembered here for methods, by their function; of anything else it is asked as before.
"""

from collections.abc import Callable
from functools import wraps
from types import FunctionType, MethodType
from typing import Any
from weakref import WeakKeyDictionary

from nicegui import helpers

Asked = Callable[[Callable[..., Any]], bool]


def remember_signatures() -> None:
    """Let the framework remember. Doing so twice changes nothing."""
    if not hasattr(helpers.expects_arguments, "remembers"):
        helpers.__dict__["expects_arguments"] = remembering(helpers.expects_arguments)


def remembering(asked: Asked) -> Asked:
    """The same question, asked once for each function that is called as a method."""
    known: WeakKeyDictionary[FunctionType, bool] = WeakKeyDictionary()

    @wraps(asked)
    def expects_arguments(func: Callable[..., Any]) -> bool:
        function = getattr(func, "__func__", None) if type(func) is MethodType else None
        if type(function) is not FunctionType:
            return asked(func)
        answer = known.get(function)
        if answer is None:
            answer = known[function] = asked(func)
        return answer

    expects_arguments.remembers = True  # type: ignore[attr-defined]  # marks that it stands in place already
    return expects_arguments
