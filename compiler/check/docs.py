"""The documentation pages of the codes, in reStructuredText."""

from __future__ import annotations

from pathlib import Path

from compiler.check.codes import Explanation, explanations
from compiler.check.registry import Rule
from runtime.storage import write_whole

#: First digits of the codes → heading of their part of the index.
GROUPS = {
    "MB0": "Reading YAML",
    "MB1": "The schema",
    "MB2": "Families and specs",
    "MB3": "Engines and formats",
    "MB4": "The catalogue as a whole",
    "MB5": "Deprecation and suppression",
    "MB6": "The lock",
}
_RULES = "rules"


def rule_page(rule: Rule | Explanation) -> str:
    """The page of one code.

    The text comes from our own docstrings, in which single backquotes mark code.
    """
    title = f"{rule.code} {rule.name}".rstrip()
    severity = rule.severity if isinstance(rule.severity, str) else rule.severity.label
    lines = [f".. _rule-{rule.code.lower()}:", "", title, "=" * len(title), "",
             f":bdg-{_COLOURS[severity]}:`{severity}`", "",
             _code(rule.summary), "", _code(rule.why), ""]
    for heading, example in (("Wrong", rule.wrong), ("Right", rule.right)):
        if example:
            lines += [heading, "-" * len(heading), "", ".. code-block:: yaml", "",
                      *(f"   {line}".rstrip() for line in example.rstrip("\n").split("\n")), ""]
    return "\n".join(lines)


_COLOURS = {"error": "danger", "warning": "warning", "info": "info"}


def _code(text: str) -> str:
    """Our backquotes as reST's double ones, so that what they hold is literal."""
    return text.replace("`", "``")


def index_page() -> str:
    """The page that lists all codes by their groups."""
    lines = [".. _rules:", "", "Rules", "=====", "",
             "Every finding carries a code. ``compiler explain CODE`` prints the same text.", ""]
    for prefix, heading in GROUPS.items():
        members = [item for item in explanations().values() if item.code.startswith(prefix)]
        if not members:
            continue
        columns = [("Code", 12, [f":ref:`{item.code} <rule-{item.code.lower()}>`"
                                 for item in members]),
                   ("What it reports", 50, [_code(item.summary) for item in members]),
                   ("Severity", 10, [item.severity for item in members])]
        if any(item.name for item in members):
            columns.append(("Name", 28, [item.name for item in members]))
        lines += [heading, "-" * len(heading), "", ".. list-table::", "   :header-rows: 1",
                  "   :widths: " + " ".join(str(width) for _, width, _ in columns), ""]
        for row in zip(*([head, *cells] for head, _, cells in columns), strict=True):
            lines += [f"   {'*' if number == 0 else ' '} - {cell}"
                      for number, cell in enumerate(row)]
        lines += ["", ".. toctree::", "   :hidden:", "",
                  *(f"   {item.code}" for item in members), ""]
    return "\n".join(lines)


def write_rule_pages(out_dir: Path) -> list[Path]:
    """Write `rules/CODE.rst` for every code and `rules/index.rst` below `out_dir`.

    Pages of codes that are no longer there are removed; files that are as they should be are left
    alone, so that a site build sees only what changed.

    Returns:
        The pages, in order.
    """
    folder = out_dir / _RULES
    folder.mkdir(parents=True, exist_ok=True)
    pages = {f"{item.code}.rst": rule_page(item) for item in explanations().values()}
    pages["index.rst"] = index_page()
    for stale in folder.glob("MB[0-9][0-9][0-9].rst"):
        if stale.name not in pages:
            stale.unlink()
    for name, text in pages.items():
        data = text.encode()
        if not (folder / name).exists() or (folder / name).read_bytes() != data:
            write_whole(folder / name, data)
    return [folder / name for name in pages]
