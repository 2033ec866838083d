"""The reStructuredText pages of a manifest, in one profile."""

from __future__ import annotations

from functools import cache, cached_property
from typing import Any

from jinja2 import FileSystemLoader, StrictUndefined, Template
from jinja2.bccache import Bucket, BytecodeCache
from jinja2.runtime import LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment

from compiler.emit import hubs as hub_pages
from compiler.emit import rst, view
from compiler.emit.profiles import Profile
from compiler.pagenames import unusable_reason
from compiler.verification import Verification, badge
from runtime.errors import UserError
from runtime.manifest import Family, Manifest, Record, Spec

#: Longest description in a table, in characters.
_SHORT = 160
#: The role of English text on pages in another language; docutils makes `lang="en"` of its class.
_FOREIGN = "english"
_ROLE = f".. role:: {_FOREIGN}\n   :class: language-en\n\n"
_RECORDS = (Record, LoopContext, view.SpecView, view.EngineView, view.HubView, view.Matrix,
            view.MemoryView, view.RecordLine)


def render(manifest: Manifest, profile: Profile, verification: Verification | None = None,
           ) -> dict[str, str]:
    """The pages: path relative to the output folder → text.

    Raises:
        UserError: Two families would share a page or a label, a page's name is not safe, or the
            profile prints text as stated and some text would act as markup.
    """
    writer = Writer(manifest, profile, verification or Verification())
    pages: dict[str, str] = {}
    kinds: dict[str, list[Family]] = {"llm": []}
    for family in manifest.families:
        kinds.setdefault(family.type, []).append(family)
    for kind, families in kinds.items():
        names = _page_names(families, profile)
        for family in families:
            pages[f"models/{kind}/{names[family.name]}.rst"] = writer.family(family)
        pages[f"models/{kind}/index.rst"] = writer.index(families, names)
    if profile.verification:
        pages["verification.rst"] = writer.verification_page()
    return pages


def _page_names(families: list[Family], profile: Profile) -> dict[str, str]:
    """Family → its page's name without `.rst`."""
    names: dict[str, str] = {}
    taken: dict[str, Family] = {}
    labels: dict[str, Family] = {}
    for family in families:
        name = family.slug if profile.file_names == "slug" else family.name.lower()
        if reason := unusable_reason(name):
            raise UserError(f"{_place(family)}: the page of {family.name!r} cannot be called "
                            f"{name + '.rst'!r}: {reason}", code="page-name",
                            hint="rename the family")
        _take(taken, name.casefold(), family, f"page {name}.rst")
        for label in {view.family_label(family),
                      *(view.spec_label(family, spec) for spec in family.specs)}:
            _take(labels, label, family, f"label {label}")
        names[family.name] = name
    return names


def _take(taken: dict[str, Family], key: str, family: Family, what: str) -> None:
    other = taken.setdefault(key, family)
    if other is not family:
        raise UserError(f"{_place(family)}: {family.name!r} and {other.name!r} ({_place(other)}) "
                        f"would share the {what}", code="page-name",
                        hint="rename one of the two")


def _place(family: Family) -> str:
    return f"{family.source.file}:{family.source.line}"


@cache
def _is_record(kind: type) -> bool:
    return issubclass(kind, _RECORDS)


class _Environment(ImmutableSandboxedEnvironment):
    """Jinja's sandbox, which keeps a template to what it is given, without its cost for records.

    The records (and `loop`) have no public attribute that acts, so they need no check; without this
    the sandbox takes more than half of the time of rendering.
    """

    def getattr(self, obj: Any, attribute: str) -> Any:
        """The attribute of an object in a template."""
        kind: Any = type(obj)
        if _is_record(kind) and not attribute.startswith("_"):
            return getattr(obj, attribute)
        return super().getattr(obj, attribute)


class _Bytecode(BytecodeCache):
    """Compiled templates in a mapping; Jinja looks whether they fit the text and the Python."""

    def __init__(self, kept: dict[str, bytes]) -> None:
        self.kept = kept

    def load_bytecode(self, bucket: Bucket) -> None:
        """Take a template's from there."""
        if bucket.key in self.kept:
            bucket.bytecode_from_string(self.kept[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Put a template's there."""
        self.kept[bucket.key] = bucket.bytecode_to_string()


class Writer:
    """Renders pages with the templates of one profile, each compiled once.

    Args:
        manifest: Its engines, and the families that pages may refer to.
        profile: Which templates.
        verification: What the pages say of it.
        bytecode: Compiled templates by Jinja's key, added to; None to keep none. They hold what is
            constant in the templates as this code, profile and language make it.
    """

    def __init__(self, manifest: Manifest, profile: Profile, verification: Verification,
                 bytecode: dict[str, bytes] | None = None) -> None:
        self.place = ""
        self.verification = verification
        self.language = profile.language
        self.page = "verification.rst.j2" if profile.verification else None
        self.engines = {engine.name: engine for engine in manifest.engines}
        self.by_name = {family.name.casefold(): family for family in manifest.families}
        escaped = profile.text == "escaped"
        # Every value that a template prints goes through `finalize`: text is literal by default.
        environment = _Environment(
            loader=FileSystemLoader(profile.folder), undefined=StrictUndefined, autoescape=False,
            trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True,
            finalize=self._escaped if escaped else self._stated,
            bytecode_cache=None if bytecode is None else _Bytecode(bytecode))
        environment.filters.update(
            rst=rst.escape, block=rst.block, code=rst.code, literal=rst.literal, commas=rst.join,
            short=short, say=self._say, told=profile.language.told,
            ability=profile.language.ability, reason=self._reason, rows=rst.rows, rule=rst.rule,
            reference=rst.reference, link=rst.link, hub_title=hub_pages.title,
            family_label=view.family_label, printed_hub=view.printed_hub,
            described=self._described, stated_by=self._stated_by)
        self.environment = environment

    @cached_property
    def family_template(self) -> Template:
        """That of a family's page."""
        return self.environment.get_template("family.rst.j2")

    def prepare(self) -> None:
        """Compile the templates of the pages that all families decide on."""
        self.environment.get_template("index.rst.j2")
        if self.page:
            self.environment.get_template(self.page)

    def family(self, family: Family) -> str:
        """A family's page."""
        self.place = _place(family)
        successor = family.deprecated.renamed_to if family.deprecated else None
        return self._marked(self.family_template.render(
            family=family, successor=self.by_name.get((successor or "").casefold()),
            specs=[self._spec(family, spec, number)
                   for number, spec in enumerate(family.specs, 1)]))

    def _spec(self, family: Family, spec: Spec, number: int) -> view.SpecView:
        if not (self.page and self.verification.tried):
            return view.SpecView(family, spec, number, self.engines)
        return view.SpecView(family, spec, number, self.engines,
                             badge(self.verification, family, spec))

    def verification_page(self) -> str:
        """The page of all records."""
        self.place = "verification"
        known = self.verification
        cells = [(engine, name, cell.text) for (engine, name), cell in known.cells.items()]
        return self._marked(self.environment.get_template("verification.rst.j2").render(
            tried=bool(known.tried), cells=cells,
            lines=[line for tried in known.tried.values() for line in view.record_lines(tried)]))

    def index(self, families: list[Family], names: dict[str, str]) -> str:
        """The page that lists all families of one type."""
        self.place = "index"
        template = self.environment.get_template("index.rst.j2")
        return self._marked(template.render(families=families, names=names))

    def _say(self, text: str, *facts: str) -> rst.Rst:
        """A text of the template in the language of the pages, with facts in place of its `{}`."""
        said = self.language.say(text)
        return rst.Rst(said.format(*map(self._escaped, facts)) if facts else said)

    def _described(self, family: Family, *, cut: bool = False) -> str:
        """What a family says of itself, cut to length if need be."""
        said = self.language.of_family(family.slug, family.description)
        if said is None:
            return rst.inside(short(family.description) if cut else family.description, _FOREIGN)
        return short(said) if cut else said

    def _stated_by(self, text: str, family: Family) -> str:
        """Another text of a family's spec."""
        said = self.language.of_family(family.slug, text)
        return rst.inside(text, _FOREIGN) if said is None else said

    def _reason(self, text: str) -> str:
        """Why an engine does not load something, or why a verification failed."""
        said = self.language.reason(text)
        return rst.inside(text, _FOREIGN) if said is None else said

    def _marked(self, page: str) -> str:
        """A page, and on it the role of texts that it has in English alone."""
        return _ROLE + page if f":{_FOREIGN}:`" in page else page

    def _escaped(self, value: Any) -> Any:
        if type(value) is not rst.Rst and isinstance(value, str):
            return rst.escape(value)
        return value

    def _stated(self, value: Any) -> Any:
        from compiler.emit.stated import stated  # not every profile prints text as stated

        if isinstance(value, str) and not isinstance(value, rst.Rst):
            return stated(value, self.place)
        return value


def short(text: str) -> str:
    """The beginning of a description, for a table: one line, cut between words."""
    line = " ".join(text.split())
    if len(line) <= _SHORT:
        return line
    cut = line[:_SHORT].rsplit(" ", 1)[0].rstrip(" ,;:.-")
    return f"{cut} …"
