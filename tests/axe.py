"""axe-core in a page of a test: what it finds in our elements.

It comes with the front end's packages for development (js/package.json); where nothing can install them, a test skips.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

import hatch_build

if TYPE_CHECKING:
    from playwright.sync_api import Page

SCRIPT = hatch_build.JS / "node_modules" / "axe-core" / "axe.min.js"

# All rules but those of level AAA, also the experimental ones and those that are off at first. Left out are
# "hidden-content", which only says that something is hidden, and "focus-order-semantics", which knows neither splitters
# nor boxes that keys scroll.
RUN = """async (root) => {
  const isLeftOut = ({ ruleId, tags }) => tags.some((tag) => tag === "wcag2aaa" || tag === "deprecated")
    || ["hidden-content", "focus-order-semantics"].includes(ruleId);
  const rules = Object.fromEntries(axe.getRules().map((rule) => [rule.ruleId, { enabled: !isLeftOut(rule) }]));
  const { violations, incomplete, passes } = await axe.run(root, { rules });
  const tell = ({ id, nodes }) => nodes.map(({ target, failureSummary }) => {
    return [id, target.join(" "), failureSummary.replaceAll(/\\s+/g, " ")].join(": ");
  });
  return { passed: passes.length, found: violations.flatMap(tell), open: incomplete.flatMap(tell) };
}"""


@cache
def _source() -> str:
    if not SCRIPT.is_file():
        node = hatch_build.find_node()
        if node is None:
            pytest.skip("axe-core is not installed in js/, and there is no Node.js to install it")
        hatch_build.install_packages(node, dev=True)
    return SCRIPT.read_text(encoding="utf-8")


def inspect(page: Page, root: str = ".brayns-widget") -> dict[str, Any]:
    """What axe says of the elements in ``root``: ``found``, what is ``open`` to review, how many rules ``passed``."""
    if not page.evaluate("typeof axe !== 'undefined'"):
        page.evaluate(_source())
    answer: dict[str, Any] = page.evaluate(RUN, root)
    return answer
