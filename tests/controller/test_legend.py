from __future__ import annotations

from html.parser import HTMLParser

import pytest

from brayns_widget.controller.legend import Legend, LegendEntry, LegendSection, legend_of_values


class Page(HTMLParser):
    """What a browser would see."""

    def __init__(self, html):
        super().__init__()
        self.texts, self.styles, self.open = [], [], []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        assert set(dict(attrs)) <= {"style"}
        self.styles.append(dict(attrs).get("style"))
        self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)


def test_categories_are_drawn_in_order():
    section = LegendSection(0, "mtype", (LegendEntry("A", "#ff0000"), LegendEntry("B", "#00ff0080")))
    page = Page(Legend((section,))._repr_html_())
    assert page.texts == ["mtype", "A", "B"]
    assert page.open == []
    assert [style.rpartition("background: ")[2] for style in page.styles if style and "background" in style] == [
        "#ff0000",
        "#00ff0080",
    ]


def test_a_color_bar_has_ends_and_a_color_for_no_value():
    section = LegendSection(0, "depth", stops=("#000000", "#ffffff"), range=(-0.5, 1234567.0), missing="#808080")
    page = Page(Legend((section,))._repr_html_())
    assert page.texts == ["depth", "-0.5", "1.23457e+06", "no value"]
    assert any(style and "linear-gradient(to right, #000000, #ffffff)" in style for style in page.styles)


def test_a_bar_of_one_color_is_drawn():
    html = Legend((LegendSection(0, "", stops=("#123456",), range=(0, 1)),))._repr_html_()
    assert "#123456, #123456" in html
    assert Page(html).texts == ["0", "1"]


def test_sections_stand_side_by_side_and_nothing_is_a_legend():
    sections = (LegendSection(0, "a"), LegendSection(1, "b"))
    assert Page(Legend(sections)._repr_html_()).texts == ["a", "b"]
    assert Page(Legend()._repr_html_()).texts == []


def test_texts_of_circuits_are_no_html():
    evil = "<script>alert('x')</script>&amp;\"'"
    section = LegendSection(0, evil, (LegendEntry(evil, f"red{evil}"),), (f'"{evil}',), (0, 1), f"{evil}")
    page = Page(Legend((section,))._repr_html_())
    assert page.texts == [evil, evil, "0", "1", "no value"]
    assert page.open == []


def test_the_colors_of_a_method_become_its_legend():
    colors = {"EXC": (1.0, 0.0, 0.0, 1.0), "INH": (0.0, 0.0, 1.0, 0.5)}
    assert legend_of_values(7, "synapse class", colors) == LegendSection(
        7, "synapse class", (LegendEntry("EXC", "#ff0000"), LegendEntry("INH", "#0000ff80")), attribute="synapse class"
    )


@pytest.mark.parametrize(
    ("name", "kind"),
    [("synapse_class", "synapse class"), ("morph_class", "morphology class"), ("mtype", "mtype"), ("", "")],
)
def test_attributes_and_coloring_methods_of_one_kind_share_their_colors(name, kind):
    section = legend_of_values(7, name, {"a": (1.0, 0.0, 0.0, 1.0)})
    assert section is not None
    assert section.attribute == kind


@pytest.mark.parametrize("method", ["solid", "id", "triangle", "morphology section geometry"])
def test_colors_that_mean_nothing_have_no_legend(method):
    assert legend_of_values(7, method, {"color": (1.0, 0.0, 0.0, 1.0)}) is None


# ---------------------------------------------------------------------- of several models


def section(model, *labels, attribute="mtype", **fields):
    entries = tuple(LegendEntry(label, fields.pop(label, f"#0000{ord(label):02x}")) for label in labels)
    return LegendSection(model, "mtype", entries, attribute=attribute, **fields)


def test_models_that_show_the_same_values_share_a_section():
    (joined,) = Legend.of([section(1, "a", "c"), section(2, "b", "c", missing="#808080")]).sections
    assert joined == section(None, "a", "b", "c", missing="#808080")
    (joined,) = Legend.of([section(1, "c", "a"), section(2, "b")]).sections
    assert [entry.label for entry in joined.entries] == ["c", "a", "b"], "an order of one's own stays"


@pytest.mark.parametrize("reverse", [False, True])
def test_cells_and_their_synapses_share_a_section_that_selects_the_cells(reverse):
    both = [section(1, "a", "b", selectable=True), section(2, "b", "c")]
    (joined,) = Legend.of(both[::-1] if reverse else both).sections
    assert joined == section(None, "a", "b", "c", selectable=True)


@pytest.mark.parametrize(
    "other",
    [
        section(2, "a", a="#ff0000"),
        section(2, "a", attribute="etype"),
        section(2, "a", missing="#ff0000"),
        LegendSection(2, "mtype", stops=("#000000",), attribute="mtype"),
    ],
)
def test_models_that_show_other_values_have_sections_of_their_own(other):
    first = section(1, "a", missing="#808080")
    assert Legend.of([first, other]).sections == (first, other)


def test_values_without_a_name_are_not_put_together():
    assert len(Legend.of([section(1, "a", attribute=""), section(2, "a", attribute="")]).sections) == 2


def test_a_bar_tells_its_unit():
    bar = LegendSection(1, "y", stops=("#000000", "#ffffff"), range=(0.0, 5.0), unit="µm")
    assert Page(Legend((bar,))._repr_html_()).texts == ["y", "0", "5 µm"]
