"""Spikes and the voltages that go with them."""

from __future__ import annotations

import numpy as np
import pytest

from brayns_widget.demo.activity import DURATION, REFRACTORY, REST, Columns, Spikes, arrivals, fire, voltages
from brayns_widget.demo.cortex import HEIGHT
from brayns_widget.demo.growth import APICAL, AXON, BASAL, SOMA
from brayns_widget.demo.placement import place

FAR_AWAY = 1e6  # µm: no wave comes here


def columns(kinds: list[int], distances: list[float], height: float = -FAR_AWAY) -> Columns:
    count = len(kinds)
    return Columns(
        np.zeros(count, np.int64),
        np.array(kinds, np.int32),
        np.array(distances, np.float32),
        np.tile([0.0, height, 0.0], (count, 1)),
    )


def spikes_at(*times: float) -> Spikes:
    return Spikes(np.zeros(len(times), np.uint64), np.array(times))


TIMES = np.arange(0, DURATION, 0.05)


def test_rest_without_spikes_and_waves():
    # The climbing wave starts below: a place far above is never reached.
    quiet = voltages(columns([SOMA, AXON], [0, 100], height=FAR_AWAY), spikes_at(), TIMES)
    assert quiet.dtype == np.float32
    np.testing.assert_array_equal(quiet, REST)


def test_a_spike_peaks_and_falls_below_rest():
    trace = voltages(columns([SOMA], [0], height=FAR_AWAY), spikes_at(10.0), TIMES)[:, 0]
    assert (trace[TIMES <= 10.0] == REST).all()
    assert 5 < trace.max() < 25
    assert TIMES[trace.argmax()] == pytest.approx(10.4, abs=0.15)
    assert -90 < trace[TIMES > 14].min() < REST - 2


def test_a_spike_travels_with_delay_and_attenuation():
    at = columns([SOMA, BASAL, BASAL, APICAL, APICAL, AXON], [0, 60, 150, 150, 600, 600], height=FAR_AWAY)
    traces = voltages(at, spikes_at(10.0), TIMES)
    peaks, when = traces.max(axis=0), TIMES[traces.argmax(axis=0)]
    assert peaks[0] > peaks[1] > peaks[2]
    assert peaks[0] > peaks[3] > peaks[4] > REST + 5
    assert peaks[5] == pytest.approx(peaks[0], abs=4)
    assert when[0] < when[1] < when[2]
    assert when[5] - when[0] == pytest.approx(2.0, abs=0.15)


def test_the_volley_starts_in_layer_4_and_the_climb_below():
    heights = np.array([100.0, HEIGHT - 762, HEIGHT - 50])
    volley, climb = arrivals(np.column_stack([0 * heights, heights, 0 * heights])).T
    assert volley.argmin() == 1
    assert climb[0] < climb[1] < climb[2]
    assert (climb > volley).all()


def test_dendrites_feel_the_wave_and_axons_do_not():
    traces = voltages(columns([BASAL, AXON], [50, 50], height=HEIGHT - 762), spikes_at(), TIMES)
    assert traces[:, 0].max() > REST + 8
    np.testing.assert_array_equal(traces[:, 1], REST)


def test_every_cell_fires_in_order_and_not_too_fast():
    cells = place(200, np.random.default_rng(0))
    spikes = fire(cells, np.random.default_rng(1))
    assert set(spikes.node.tolist()) == set(range(200))
    assert (np.diff(spikes.time) >= 0).all()
    assert spikes.time.min() > 0
    assert spikes.time.max() < DURATION
    for node in range(200):
        assert np.diff(spikes.time[spikes.node == node]).min(initial=np.inf) >= REFRACTORY


def test_inhibitory_cells_fire_more():
    cells = place(400, np.random.default_rng(0))
    counts = np.bincount(fire(cells, np.random.default_rng(1)).node.astype(int), minlength=400)
    excitatory = np.array([cells.of_type(index).excitatory for index in range(400)])
    assert counts[~excitatory].mean() > 1.2 * counts[excitatory].mean()
