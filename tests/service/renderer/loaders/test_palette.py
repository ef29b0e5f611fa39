from __future__ import annotations

import numpy as np

from brayns_widget.service.renderer.loaders.palette import distinct_colors, element_color, numbered_colors


def test_equal_numbers_look_equal_and_others_differ():
    colors = distinct_colors(np.array([0, 1, 2, 1, 30]))
    assert colors.shape == (5, 4)
    assert (colors[:, 3] == 1).all()
    assert colors[1].tolist() == colors[3].tolist()
    for one, other in ((0, 1), (0, 2), (1, 2), (0, 4), (1, 4), (2, 4)):
        assert np.abs(colors[one] - colors[other]).max() > 0.2
    assert distinct_colors(np.empty(0, np.intp)).shape == (0, 4)


def test_elements_have_their_chemists_colors():
    assert element_color("O")[0] > 0.5 > element_color("O")[2]
    assert element_color("N")[2] > 0.5 > element_color("N")[0]
    assert len(element_color("Uuo")) == 4


def test_numbered_colors_come_again_after_113():
    colors = numbered_colors(np.array([0, 1, 7, 112, 113, 120]))
    assert colors[:4, 3].tolist() == [1.0] * 4
    assert np.rint(colors[:4, :3] * 255).tolist() == [[255] * 3, [217, 255, 255], [255, 13, 13], [255] * 3]
    assert (colors[4:] == colors[[0, 2]]).all()
