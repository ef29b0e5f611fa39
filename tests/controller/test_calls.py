from __future__ import annotations

import asyncio
import inspect
import pydoc
from typing import Any

import pytest

from brayns_widget.connection.loop import LoopThread
from brayns_widget.connection.reports import Report
from brayns_widget.controller.calls import capabilities, long, offered, shortcut, waiting
from brayns_widget.controller.controller import Controller
from brayns_widget.controller.models import Model, Models
from brayns_widget.controller.tasks import Runner, Task
from brayns_widget.protocol.errors import RequestCancelled
from tests.controller.scenes import WAIT


class Numbers:
    """A group."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self.loops: list[Any] = []

    @offered
    @waiting
    async def double(self, number: int, *, times: int = 1) -> int:
        """Double a number.

        Args:
            number: the number.
            times: how often.
        """
        self.loops.append(asyncio.get_running_loop())
        return number << times

    @offered
    @long
    async def count(self, report: Report, to: int = 3) -> list[int]:
        """Count.

        Args:
            report: told how far it is.
            to: where to end.
        """
        report(0.5, f"{to}")
        if to < 0:
            await asyncio.sleep(WAIT)
        return list(range(to))

    @waiting
    async def secret(self) -> None:
        """Be hidden from pages."""


class Holder:
    double = shortcut("numbers", Numbers.double)
    count = shortcut("numbers", Numbers.count)

    def __init__(self, numbers: Numbers) -> None:
        self.numbers = numbers


@pytest.fixture(scope="module")
def loop():
    thread = LoopThread("call tests")
    yield thread
    thread.close()


@pytest.fixture
def numbers(loop):
    return Numbers(Runner(loop, lambda _: None))


def test_a_short_call_waits_on_any_thread(loop, numbers):
    assert numbers.double(4) == 8
    assert numbers.double(number=4, times=2) == 16
    assert set(numbers.loops) == {loop.loop}


def test_its_awaitable_form_works_on_any_loop(loop, numbers):
    assert asyncio.run(numbers.double.aio(4)) == 8
    assert loop.submit(numbers.double.aio(4, times=2)).result(WAIT) == 16
    assert set(numbers.loops) == {loop.loop}


def test_a_short_call_works_inside_a_running_loop(numbers):
    async def main() -> Any:
        return numbers.double(4)

    assert asyncio.run(main()) == 8


def test_a_short_call_that_would_hang_is_refused(loop, numbers):
    async def listener() -> None:
        numbers.double(4)

    with pytest.raises(RuntimeError, match=r"double\(\) would wait for itself.*Await double\.aio\(\)"):
        loop.submit(listener()).result(WAIT)


def test_a_long_call_returns_a_task(loop, numbers):
    task = numbers.count(2)
    assert isinstance(task, Task)
    assert task.result(WAIT) == [0, 1]
    assert task.progress.operation == "2"

    async def main() -> list[int]:
        result: list[int] = await numbers.count()
        return result

    assert asyncio.run(main()) == loop.submit(main()).result(WAIT) == [0, 1, 2]


def test_a_long_call_can_be_cancelled(numbers):
    task = numbers.count(-1)
    next(iter(task))
    task.cancel()
    with pytest.raises(RequestCancelled, match="'count' was cancelled"):
        task.result(WAIT)


@pytest.mark.parametrize("form", ["waiting", "aio", "long"])
def test_arguments_are_checked_at_once(numbers, form):
    call = {"waiting": numbers.double, "aio": lambda *a, **k: asyncio.run(numbers.double.aio(*a, **k))}
    checked = call.get(form, numbers.count)
    with pytest.raises(ValueError, match="is 'four': it should be a valid integer"):
        checked("four")
    with pytest.raises(TypeError, match="unexpected keyword argument 'tims'"):
        checked(4, tims=1)
    assert numbers.loops == []


def test_every_form_has_the_face_of_the_definition(numbers):
    forms: list[Any] = [numbers.double, numbers.double.aio, Numbers.double]
    for form in forms:
        assert form.__name__ == "double"
        assert str(inspect.getdoc(form)).startswith("Double a number.")
        own = [] if form is not Numbers.double else ["self"]
        assert list(inspect.signature(form).parameters) == [*own, "number", "times"]
    assert str(inspect.signature(numbers.double)) == "(number: int, *, times: int = 1) -> int"
    assert inspect.iscoroutinefunction(numbers.double.aio)


def test_callers_of_a_long_call_need_not_know_of_its_report(numbers):
    assert str(inspect.signature(numbers.count)) == "(to: int = 3) -> 'Task[list[int]]'"
    assert "report" not in str(inspect.getdoc(numbers.count))
    assert "to: where to end." in str(inspect.getdoc(numbers.count))


def test_help_tells_the_signature_and_the_docstring():
    text = pydoc.plain(pydoc.render_doc(Controller().load_circuit))
    assert "load_circuit(path: str | pathlib" in text
    assert "density: float = 1.0" in text
    assert "color_by: a coloring method of the model" in text
    assert "report" not in text


def test_help_on_a_class_shows_its_calls_as_methods(numbers):
    text = pydoc.plain(pydoc.render_doc(Numbers))
    assert "double(self, number: int, *, times: int = 1) -> int" in text
    assert "count(self, to: int = 3) -> 'Task[list[int]]'" in text
    assert "Data and other attributes" not in text.partition("count(")[2].partition("secret(")[0]
    assert Numbers.double(numbers, 4) == 8


def test_completion_finds_the_options():
    signature = inspect.signature(Controller().models.load_circuit)  # what IPython goes by
    assert {"density", "node_sets", "color_by"} <= set(signature.parameters)


def test_capabilities_are_found_and_what_is_offered_is_marked():
    found = capabilities(Numbers)
    assert sorted(found) == ["count", "double", "secret"]
    assert [name for name in sorted(found) if found[name].is_offered] == ["count", "double"]
    assert [name for name in sorted(found) if found[name].is_long] == ["count"]


def test_a_page_calls_with_named_values_on_the_loop(loop, numbers):
    found = capabilities(Numbers)
    assert loop.submit(found["double"].run(numbers, {"number": 4})).result(WAIT) == 8
    task = loop.submit(found["count"].run(numbers, {"to": 1})).result(WAIT)
    assert task.result(WAIT) == [0]
    with pytest.raises(TypeError, match="'nummer'"):
        loop.submit(found["double"].run(numbers, {"nummer": 4})).result(WAIT)


def test_a_shortcut_is_the_groups_call(numbers):
    holder = Holder(numbers)
    assert holder.double(4) == 8
    assert asyncio.run(holder.double.aio(4)) == 8
    assert holder.count(1).result(WAIT) == [0]
    assert inspect.getdoc(Holder.double).startswith("Double a number.")  # type: ignore[union-attr]
    assert list(inspect.signature(holder.double).parameters) == ["number", "times"]


def test_only_what_is_marked_is_offered():
    offers = {name for kind in (Models, Model) for name, call in capabilities(kind).items() if call.is_offered}
    loads = {"load_circuit", "load_file", "load_received", "receive", "drop_upload"}
    looks = {"update", "color_by", "set_material", "move", "turn", "scale", "put_back"}
    told = {"count_cells", "count_node_sets", "formats", "materials"}
    assert offers == loads | looks | told | {"clear", "remove", "reorder", "copy"}
