"""`.. program-reference:: runtime`: the options of a program, read from its own parsers."""

from __future__ import annotations

import argparse
import importlib
import inspect
from collections.abc import Iterator

from docutils import nodes
from prose import prose
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.util.typing import ExtensionMetadata

from runtime.program import Program


class ProgramReference(SphinxDirective):
    """Writes one section for each verb of a program."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Read the parsers and parse what they say as a part of the page."""
        program: Program = importlib.import_module(f"{self.arguments[0]}.cli").PROGRAM
        lines: list[str] = []
        for verb in program.verbs:
            module = program.module(verb)
            self.env.note_dependency(inspect.getsourcefile(module) or "")
            lines += [f".. _cli-{program.name}-{verb}:", "",
                      *_heading(f"{program.name} {verb}", "-")]
            lines += _parser(program.parser(verb))
        return self.parse_text_to_nodes("\n".join(lines), allow_section_headings=True)


def _heading(text: str, rule: str) -> list[str]:
    title = f"``{text}``"
    return [title, rule * len(title), ""]


def _parser(parser: argparse.ArgumentParser) -> Iterator[str]:
    """The usage and options of one parser, and of the verbs inside it."""
    # A fixed width: the page must not depend on the terminal of whoever builds it.
    parser.formatter_class = lambda prog: argparse.HelpFormatter(prog, width=88)
    yield from (prose(parser.description or ""), "", ".. code-block:: text", "")
    yield from (f"   {line}" for line in parser.format_usage().splitlines())
    yield from ("", f".. program:: {parser.prog}", "")
    inner: list[argparse.ArgumentParser] = []
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            inner += dict.fromkeys(action.choices.values())
        elif not isinstance(action, argparse._HelpAction) and action.help != argparse.SUPPRESS:
            yield from _option(parser, action)
    for child in inner:
        yield from _heading(child.prog, "~")
        yield from _parser(child)


def _option(parser: argparse.ArgumentParser, action: argparse.Action) -> Iterator[str]:
    formatter = parser._get_formatter()
    value = formatter._format_args(action, formatter._get_default_metavar_for_optional(action)
                                   if action.option_strings
                                   else formatter._get_default_metavar_for_positional(action))
    names = ([f"{name} {value}".strip() for name in action.option_strings]
             or [value.replace("[", "").replace("]", "").split(" ")[0]])
    yield from (f".. option:: {', '.join(names)}", "")
    yield from (f"   {prose(formatter._expand_help(action)) if action.help else ''}", "")
    if action.choices is not None and action.metavar:
        yield from (f"   One of {', '.join(f'``{choice}``' for choice in action.choices)}.", "")


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register the directive."""
    app.add_directive("program-reference", ProgramReference)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
