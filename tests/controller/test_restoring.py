"""A scene that has lost its renderer, and its way back, against a fake cluster."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from brayns_widget.controller.group import NOT_BACK
from brayns_widget.controller.restoring import BY_REQUESTS
from brayns_widget.protocol.errors import CircuitError, ConnectionLost, RequestCancelled
from tests.controller.scenes import WAIT, load, on_loop, until
from tests.fakes import JOB_ID, TOKEN, FakeCluster
from tests.listening import Listener


def sleep(controller) -> None:
    async def work() -> bool:
        return bool(controller._core.sleep("It slept."))

    assert on_loop(controller, work)
    assert controller.status.state == "asleep"


def wake(controller) -> None:
    controller.files.list("/data")


def scene(cluster) -> Any:
    """What the renderer shows, without ids."""
    models = copy.deepcopy(cluster.renderer.models)
    return [{key: value for key, value in model.items() if key != "model_id"} for model in models]


def changes(cluster, since: int = 0) -> list[tuple[str, Any]]:
    """The requests that make and change a scene."""
    begin = ("add-", "color-", "update-", "set-", "remove-", "clear-", "enable-")
    kept = [(m, copy.deepcopy(p)) for m, p in cluster.renderer.requests[since:] if m.startswith(begin)]
    return [(m, p) for m, p in kept if not m.startswith(("set-camera", "set-framebuffer"))]


def build(controller) -> dict[str, Any]:
    """Make a scene with something of all that can be made."""
    from brayns_widget.protocol.brayns.lights import AmbientLight
    from brayns_widget.protocol.brayns.materials import Matte
    from brayns_widget.protocol.brayns.models import Transform
    from brayns_widget.protocol.brayns.renderers import Interactive
    from brayns_widget.protocol.brayns.shapes import Plane, Sphere
    from brayns_widget.protocol.brayns.simulation import ColorRamp

    gone = load(controller)
    first = load(controller, density=0.5, color_by="mtype")
    gone.remove()
    second = load(controller)
    ball = controller.shapes.add(Sphere(center=(0, 0, 0), radius=3), color="red")
    cut = controller.clipping.add(Plane(coefficients=(1, 0, 0, 0)))
    controller.lights.clear()
    light = controller.lights.add(AmbientLight(intensity=2))
    second.color_by({0: 1.0, 1: 2.0}, title="mine")
    second.visible = False
    second.place(Transform(translation=(1, 2, 3)))
    second.material = Matte(opacity=0.5)
    second.thicken(2.0)
    second.thicken(3.0)
    second.ramp = ColorRamp(range=(0.0, 1.0))
    controller.simulation.enable(second)
    controller.simulation.frame = 7
    controller.background = "white"
    controller.rendering.settings = Interactive(enable_shadows=False)
    controller.camera.fovy = 30
    return {"first": first, "second": second, "ball": ball, "cut": cut, "light": light, "gone": gone}


def test_a_scene_that_slept_comes_back_with_all_that_was_made(cluster, controller):
    things = build(controller)
    before, state = scene(cluster), controller.state
    sleep(controller)
    assert controller.state.models == state.models, "it is still told of"
    seen = len(cluster.renderer.requests)
    wake(controller)
    assert scene(cluster) == before
    after = controller.state
    assert [m.name for m in after.models] == [m.name for m in state.models]
    assert [(m.color, m.colored_by, m.visible, m.color_methods) for m in after.models] == [
        (m.color, m.colored_by, m.visible, m.color_methods) for m in state.models
    ]
    assert [section.title for section in after.sections] == ["mtype", "mine"]
    assert (after.camera, after.background, after.notice) == (state.camera, "#ffffff", None)
    sent = dict(changes(cluster, seen))
    assert sent["set-circuit-thickness"]["radius_multiplier"] == 6.0
    assert sent["set-simulation-parameters"] == {"current": 7}
    assert sent["set-material-matte"]["material"] == {"opacity": 0.5}
    assert sent["set-color-ramp"]["color_ramp"] == {"range": [0.0, 1.0]}
    assert sent["enable-simulation"]["enabled"] is True
    assert sent["set-renderer-interactive"]["enable_shadows"] is False
    assert sent["set-renderer-interactive"]["background_color"] == [1, 1, 1, 1]
    assert {p["model_id"] for p in sent.values() if isinstance(p, dict) and "model_id" in p} == {things["second"].id}


def test_what_has_come_back_is_the_same_to_those_who_hold_it(cluster, controller):
    things = build(controller)
    for _ in range(3):
        sleep(controller)
        wake(controller)
        assert list(controller.models) == [things["first"], things["second"], things["ball"]]
        assert controller.lights[0] == things["light"]
        assert controller.clipping[0] == things["cut"]
    assert things["first"].colored_by == "mtype"
    things["first"].color = "blue"
    assert cluster.renderer.sent("color-model")[-1]["id"] == things["first"].id == controller.models[0].id
    with pytest.raises(CircuitError, match=r"removed|no model"):
        _ = things["gone"].name
    things["cut"].remove()
    with pytest.raises(CircuitError, match="removed before"):
        things["cut"].remove()
    assert len(controller.clipping) == 0


def test_a_scene_without_lights_stays_dark(cluster, controller):
    load(controller)
    controller.lights.clear()
    sleep(controller)
    wake(controller)
    load(controller)
    assert not [model for model in cluster.renderer.models if model["model_type"] == "light"]


def test_any_call_brings_it_back_before_it_is_made(cluster, controller):
    model = load(controller)
    sleep(controller)
    seen = len(cluster.renderer.requests)
    model.visible = False
    methods = [method for method, _ in cluster.renderer.requests[seen:]]
    assert methods.index("add-model") < methods.index("update-model")
    assert controller.status.text == "Ready."
    assert cluster.paths().count("POST /start") == 2


def test_its_way_back_tells_how_far_it_is(cluster, controller):
    load(controller)
    load(controller)
    sleep(controller)
    statuses = Listener(controller, lambda state: state.status.text)
    task = controller.restore()
    seen = [progress.amount for progress in task]
    task.result(WAIT)
    amounts = [amount for amount in seen if amount is not None]
    assert amounts == sorted(amounts)
    assert any(0 < amount < 1 for amount in amounts)
    statuses.wait_for(lambda text: text == "Ready.")


def test_a_way_back_that_is_cancelled_can_be_begun_again(cluster, controller):
    load(controller)
    before = scene(cluster)
    sleep(controller)
    cluster.renderer.delays["add-model"] = 60
    task = controller.restore()
    until(lambda: cluster.renderer.methods().count("add-model") == 2)
    task.cancel()
    with pytest.raises(RequestCancelled):
        task.result(WAIT)
    assert (controller.status.state, controller.status.text) == ("asleep", "It slept.")
    assert len(controller.models) == 1
    cluster.renderer.delays["add-model"] = 0
    wake(controller)
    assert scene(cluster) == before


def test_a_way_back_that_fails_can_be_begun_again(cluster, controller):
    load(controller)
    sleep(controller)
    cluster.renderer.cut.add("add-model")
    with pytest.raises(ConnectionLost):
        controller.restore().result(WAIT)
    assert controller.status.state == "failed"
    cluster.renderer.cut.clear()
    wake(controller)
    assert [model.name for model in controller.models] == ["cells"]


def test_what_cannot_come_back_is_told_and_the_rest_comes(cluster, controller):
    load(controller)
    (lost,) = controller.models.load("/data/gone.swc").result(WAIT)
    controller.renderer.request("add-spheres", [])
    sleep(controller)
    answer = cluster.renderer.answer

    def refuse(method: str, params: Any) -> Any:
        from brayns_widget.protocol.errors import RequestError

        if method == "add-model" and params["path"].endswith(".swc"):
            raise RequestError("there is no file /data/gone.swc", code=-32603)
        return answer(method, params)

    cluster.renderer.answer = refuse
    wake(controller)
    assert [model.type for model in controller.models] == ["neurons"]
    notice = controller.state.notice
    assert notice is not None
    assert notice.text == "Not all of the scene has come back."
    first, second, third = notice.hint.splitlines()
    assert first.startswith("gone.swc: ")
    assert "there is no file" in first
    assert second.startswith("geometry: ")
    assert third == BY_REQUESTS
    with pytest.raises(CircuitError):
        _ = lost.name


def test_a_crash_waits_for_the_word_of_a_person(cluster, controller):
    model = load(controller, color_by="mtype")
    before = scene(cluster)
    cluster.kill_renderer("the renderer was killed")
    until(lambda: controller.status.state == "failed")
    assert len(controller.models) == 0
    controller.restore().result(WAIT)
    assert scene(cluster) == before
    assert model.colored_by == "mtype"
    controller.restore().result(WAIT)  # there is nothing more to bring back
    assert scene(cluster) == before


def test_after_a_crash_it_comes_back_beside_what_was_loaded_since(cluster, controller):
    build(controller)
    cluster.kill_renderer("the renderer was killed")
    until(lambda: controller.status.state == "failed")
    new = load(controller)
    assert len(controller.models) == 1
    assert controller.state.notice == NOT_BACK
    controller.restore().result(WAIT)
    assert controller.state.notice is None
    assert len(controller.models) == 4
    assert controller.models[0] == new
    assert len(controller.lights) == 3
    assert len(controller.clipping) == 1
    assert [section.model for section in controller.state.sections] == [
        model.id for model in list(controller.models)[1:3]
    ]


def test_beside_another_scene_nothing_half_stays_when_it_is_cancelled(cluster, controller):
    load(controller)
    load(controller)
    cluster.kill_renderer("the renderer was killed")
    until(lambda: controller.status.state == "failed")
    load(controller)
    before = scene(cluster)
    answer, count = cluster.renderer.answer, len(cluster.renderer.sent("add-model"))

    def slow(method: str, params: Any) -> Any:
        if method == "add-model":
            cluster.renderer.delays["add-model"] = 60
        return answer(method, params)

    cluster.renderer.answer = slow
    task = controller.restore()
    until(lambda: len(cluster.renderer.sent("add-model")) == count + 2)
    task.cancel()
    with pytest.raises(RequestCancelled):
        task.result(WAIT)
    assert scene(cluster) == before
    assert len(controller.models) == 1


def test_the_job_that_slept_is_given_back(cluster, controller):
    cluster.dialect = "2024"
    load(controller)
    sleep(controller)
    until(lambda: f"POST /stop/{JOB_ID}" in cluster.paths())
    assert controller.ready is None
    controller.close()
    assert controller.status.text == "Closed."


def test_a_job_of_others_is_never_given_back(cluster):
    from brayns_widget.controller.controller import Controller

    with Controller(**cluster.options, attach_to=JOB_ID) as controller:
        controller.start().result(WAIT)

        async def work() -> bool:
            return bool(controller._core.sleep("It slept."))

        assert not on_loop(controller, work)
        assert controller.status.state == "ready"


@pytest.mark.parametrize("aimed", [False, True])
def test_after_a_move_it_comes_back_as_it_was_looked_at(controller, aimed):
    """Unless somebody has aimed the camera since."""
    load(controller)
    controller.camera.position = (1, 2, 30)
    controller.camera.fovy = 20
    with FakeCluster(polls=0) as elsewhere:
        controller.job.connect(master=elsewhere.master, slave=elsewhere.slave, token=TOKEN).result(WAIT)
        assert controller.camera.fovy == 45
        if aimed:
            controller.camera.position = (5, 5, 50)
        controller.job.restore().result(WAIT)
        assert len(controller.models) == 1
        expected = ((5, 5, 50), 45) if aimed else ((1, 2, 30), 20)
        assert (tuple(controller.camera.position), controller.camera.fovy) == expected
        controller.close()
