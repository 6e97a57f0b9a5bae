"""The framework gets the same answers about handlers as before, and asks once for each method of a class."""

from functools import partial

import pytest
from nicegui import helpers
from nicegui.helpers.functions import expects_arguments

from web.pages.remembered_signatures import remember_signatures, remembering


class Handlers:
    def nothing(self):
        pass

    def one(self, event):
        pass

    def with_default(self, event=None):
        pass

    def any_number(self, *args, **kwargs):
        pass

    def __call__(self, event):
        pass

    @classmethod
    def of_the_class(cls, event):
        pass

    @staticmethod
    def of_nobody(event):
        pass


HANDLERS = {
    "a method that wants nothing": Handlers().nothing,
    "a method that wants one": Handlers().one,
    "a method with a default": Handlers().with_default,
    "a method that takes whatever comes": Handlers().any_number,
    "an object that is called": Handlers(),
    "a method of the class": Handlers.of_the_class,
    "a static method": Handlers().of_nobody,
    "a function": lambda event: None,
    "a function that wants nothing": lambda: None,
    "a method with its argument given": partial(Handlers().one, "event"),
}


@pytest.mark.parametrize("handler", HANDLERS.values(), ids=HANDLERS)
def test_the_answer_is_the_frameworks_own_at_the_first_question_and_after(handler):
    asked = remembering(expects_arguments)
    assert [asked(handler), asked(handler)] == [expects_arguments(handler)] * 2


def test_a_method_is_asked_once_for_all_objects_of_its_class_and_a_function_each_time():
    questions = []

    def asking(func):
        questions.append(func)
        return expects_arguments(func)

    asked = remembering(asking)
    for _ in range(3):
        asked(Handlers().one)
    assert len(questions) == 1
    for _ in range(3):
        asked(HANDLERS["a function"])
    assert len(questions) == 4


def test_the_framework_asks_what_stands_in_its_place(monkeypatch):
    from nicegui.observables import ObservableList

    questions = []
    monkeypatch.setattr(helpers, "expects_arguments", lambda func: questions.append(func) or False)
    ObservableList(on_change=Handlers().nothing)
    assert len(questions) == 1, "the framework asks elsewhere now: see web/pages/remembered_signatures.py"


def test_it_is_put_in_place_once(monkeypatch):
    monkeypatch.setattr(helpers, "expects_arguments", expects_arguments)
    remember_signatures()
    placed = helpers.expects_arguments
    assert placed is not expects_arguments
    remember_signatures()
    assert helpers.expects_arguments is placed
