"""Replay what was recorded from Brayns 3.10.1 against our renderer: every frame that its clients sent.

Replies must be the same: results, error codes, messages and data, and whether bytes came with them. Numbers may differ
by what single precision loses. ``transcript_differences`` has what else may differ, and why.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.service.renderer.methods.transcript_differences import (
    INTENDED,
    LOST,
    ROUGH_BOUNDS,
    SKIPPED,
    TOO_LATE,
)
from tests.service.renderer.methods.transcripts import Reply, Sent, alike, events_of, replay
from tests.service.renderer.renderer_process import renderer_process

NAMES = [
    "color_methods_neurons",
    "crash_viewport_below_64",
    "defaults_per_type",
    "errors",
    "models",
    "other_loaders",
    "render_progressive",
    "render_static",
    "snapshot",
    "sonata_loader_errors",
]
ELSEWHERE = ["simulation_parameters"]  # replayed by test_simulation_transcript


def recording(shared_dir: Path, name: str) -> Path:
    return shared_dir / "protocol" / "renderer-transcripts" / f"{name}.jsonl"


@pytest.mark.data
@pytest.mark.parametrize("name", NAMES)
def test_replies_are_those_of_the_real_renderer(name: str, shared_dir: Path, data_dir: Path, tmp_path: Path):
    with renderer_process() as (address, process):
        assert asyncio.run(replay(address, recording(shared_dir, name), data_dir, tmp_path)) == []
        assert process.poll() is None


def test_exceptions_are_made_only_for_replies_that_there_are(shared_dir: Path):
    """Others would be forgotten ones; that those make a difference is looked at in the replay."""
    events = [(name, event) for name in (*NAMES, *ELSEWHERE) for event in events_of(recording(shared_dir, name))]
    sent = {(name, event.request_id) for name, event in events if isinstance(event, Sent)}
    replies = {(name, event.label) for name, event in events if isinstance(event, Reply)}
    assert replies >= SKIPPED.keys()
    assert replies - SKIPPED.keys() >= INTENDED.keys() | TOO_LATE.keys() | ROUGH_BOUNDS.keys()
    assert sent - replies >= LOST.keys()


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (1, 2),
        (1.0001, 1),
        (45.001, 45.0002),
        (1e-5, 1.1e-7),
        (True, 1),
        (0, False),
        ("1", 1),
        (None, 0),
        ([1, 2], [1]),
        ({"a": 1}, {}),
        ({"bounds": {"min": [0.1, 0, 0], "max": [1, 1, 1]}}, {"bounds": {"min": [0, 0, 0], "max": [1, 1, 1]}}),
    ],
)
def test_what_differs_is_seen(ours: object, theirs: object):
    assert not alike(ours, theirs)
    assert alike(theirs, theirs)


def test_only_bounds_are_compared_roughly():
    box = {"min": [0, 0, 0], "max": [1, 1, 1]}
    near = {"min": [0.1, 0, 0], "max": [1, 1, 0.9]}
    assert alike([{"bounds": near}], [{"bounds": box}], 0.15)
    assert not alike([{"bounds": near}], [{"bounds": box}], 0.05)
    assert not alike([{"box": near}], [{"box": box}], 0.15)
