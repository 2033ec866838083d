"""The skeleton of a family spec, with what its author must know beside each field."""

from __future__ import annotations

import contextlib
import json
import os
import re
import tempfile
import textwrap
from collections.abc import Mapping as MappingABC
from collections.abc import Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from importlib.resources import files
from pathlib import Path

from compiler.fmt import modeline
from compiler.pagenames import name_reason
from compiler.read.nodes import Mapping, Scalar
from compiler.read.parse import parse
from compiler.read.text import MAX_BYTES
from compiler.yamlwrite import write as write_yaml
from runtime.errors import MisuseError, UserError
from runtime.files import unsafe_path_reason
from runtime.naming import parse_size, slug
from runtime.storage import regular

_LONGEST_NAME = 100
#: Quantization that most repositories of a format hold; where there is none, a placeholder.
_QUANTIZATIONS = {"pytorch": "none", "gptq": "Int4", "awq": "Int4", "fp8": "fp8", "fp4": "fp4",
                  "bnb": "4-bit", "mlx": "4bit", "ggufv2": "Q4_K_M"}
_FILES = frozenset({"ggufv2"})
_TODO = "TODO"


@dataclass(frozen=True, slots=True)
class SpecFacts:
    """What is known of one spec; None becomes a placeholder.

    Attributes:
        format: Format name.
        size_in_billions: Size, `_` for the decimal point.
        repo_id: Repository id.
        quantizations: Quantizations; empty: the usual one of the format.
        file_template: Path of the weight file, for formats laid out as files.
        revision: Commit to pin.
        split_file_template: Path of one part of a quantization in several files.
        split_parts: Quantization → its parts.
        projectors: Files that give a model its vision or hearing.
        activated_size_in_billions: Of a mixture of experts.
        mixture: It is one, so that it needs an activated size.
        undecided: Its quantizations are not known, and the usual one must not be supposed.
        notes: Sentences for the author, put before the spec.
    """

    format: str
    size_in_billions: str | None = None
    repo_id: str | None = None
    quantizations: Sequence[str] = ()
    file_template: str | None = None
    revision: str | None = None
    split_file_template: str | None = None
    split_parts: MappingABC[str, Sequence[str]] = field(default_factory=dict)
    projectors: Sequence[str] = ()
    activated_size_in_billions: str | None = None
    mixture: bool = False
    undecided: bool = False
    notes: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a family; None becomes a placeholder that `check` reports.

    A command line knows little of it; `compiler.lock.draft` asks a hub and knows more.

    Attributes:
        licence: As the hub names it.
        notes: Sentences for the author, put at the top.
        drafted: Read from a hub: what is not known is open then, and nothing usual is supposed.
    """

    name: str
    specs: Sequence[SpecFacts]
    context_length: int | None = None
    languages: Sequence[str] = ()
    abilities: Sequence[str] = ()
    description: str | None = None
    architectures: Sequence[str] = ()
    model_type: str | None = None
    hubs: Sequence[str] = field(default=("huggingface",))
    licence: str | None = None
    notes: Sequence[str] = ()
    drafted: bool = False


def skeleton(facts: Facts, *, schema: str | None) -> str:
    """The YAML text of a spec that passes the schema.

    Args:
        facts: What is known.
        schema: What the modeline names; None: no modeline.
    """
    lines = [modeline.line(schema)] if schema else []
    lines += [
        "# Fill in each TODO; `compiler check` lists what is left, `compiler fmt` tidies up.",
        *_notes(facts.notes),
        "",
        _pair("name", facts.name),
        "# In tokens: max_position_embeddings in the model's config.json, or what its card says.",
        f"context_length: {facts.context_length or 1}" + _todo(facts.context_length),
        "# ISO 639 codes of the languages that it is made for.",
        _pair("languages", list(facts.languages or [_TODO if facts.drafted else "en"])),
        "# chat or generate, and what else the lab claims: reasoning, hybrid, tools, vision, "
        "audio, omni.",
        _pair("abilities", list(facts.abilities or ["chat"])),
        "# Plain text for readers, one or two sentences in your own words.",
        _pair("description", facts.description or "TODO: what the model is good for, and by whom."),
        "# Both stand in the model's config.json; engines choose their loader by them.",
        _pair("architectures", list(facts.architectures or [_TODO])),
        _pair("model_type", facts.model_type or _TODO),
        *_licence(facts),
        "",
        "# One entry for each format at each size.",
        "specs:",
    ]
    for number, spec in enumerate(facts.specs):
        lines += ([""] if number else []) + _spec(facts, spec, explain=number == 0)
    return "\n".join(lines) + "\n"


def _spec(facts: Facts, spec: SpecFacts, *, explain: bool) -> list[str]:
    usual = _TODO if spec.undecided else _QUANTIZATIONS.get(spec.format, _TODO)
    quantizations = list(spec.quantizations or [usual])
    several = len(quantizations) > 1
    body = _nested("format", spec.format)
    if explain:
        body += ["# Parameters in billions, `_` for the point: 7, 0_5, 1_8."]
    size = spec.size_in_billions
    body += [f"size_in_billions: {size or 0}" + _todo(size)]
    if active := spec.activated_size_in_billions or (spec.mixture and "0"):
        body += [f"activated_size_in_billions: {active}" + _todo(active != "0")]
    if explain:
        body += ["# As the repository spells them; the first one is the default."]
    body += _nested("quantizations", quantizations)
    if explain:
        body += ["# org/name on the hub. A repository for each quantization: put {quantization} "
                 "where", "# its name stands."]
    separate = several and spec.format not in _FILES
    fallback = f"TODO/{slug(facts.name)}" + ("-{quantization}" if separate else "")
    body += _nested("repo_id", spec.repo_id or fallback)
    if spec.revision:
        body += _nested("revision", spec.revision)
    if spec.format in _FILES:
        if spec.file_template is None and spec.split_file_template is None:
            body += ["# The weight file's path in the repository. In several parts: see "
                     "split_file_template", "# and split_parts in the guide."]
        if spec.file_template or not spec.split_file_template:
            body += _nested("file_template", spec.file_template or "TODO-{quantization}.gguf")
        if spec.split_file_template:
            body += _nested("split_file_template", spec.split_file_template)
            body += _nested("split_parts", {name: list(parts)
                                            for name, parts in spec.split_parts.items()})
        if spec.projectors:
            body += _nested("multimodal_projectors", list(spec.projectors))
    if explain:
        body += ["# In order of preference. A hub states only what differs there, such as its own "
                 "repo_id."]
    body += ["hubs:", *(f"  {hub}: {{}}" for hub in facts.hubs)]
    lines = [("  - " if number == 0 else "    ") + line for number, line in enumerate(body)]
    return [*(f"  {line}" for line in _notes(spec.notes)), *lines]


def _notes(notes: Sequence[str]) -> list[str]:
    return [f"# {line}" for note in notes for line in textwrap.wrap(note, 94)]


def _licence(facts: Facts) -> list[str]:
    if facts.licence is None and not facts.drafted:
        return []
    return ["# As the hub names it; an SPDX identifier where there is one.",
            _pair("licence", facts.licence or _TODO)]


def _nested(key: str, value: object) -> list[str]:
    """The lines of a key of a spec, less its indentation; broken as they stand in the file."""
    lines = write_yaml({"specs": [{key: value}]}).rstrip("\n").split("\n")[1:]
    return [line[len("  - "):] for line in lines]


def _pair(key: str, value: object) -> str:
    return write_yaml({key: value}).rstrip("\n")


def _todo(known: object) -> str:
    return "" if known else "  # TODO"


def prepare(
    name: str, specs: Path, *, formats: Sequence[str], size: str | None, repo_id: str | None,
    quantizations: Sequence[str] = (),
) -> tuple[Path, str]:
    """Where the skeleton of a new family goes, and its text; nothing is written.

    Args:
        name: The family's name.
        specs: The specs folder.
        formats: Formats to begin with; one spec each.
        size: Size of each spec, `_` or `.` for the decimal point.
        repo_id: Repository of the only format.
        quantizations: Quantizations of the only format.

    Raises:
        MisuseError: The name or another value cannot be, or is taken.
    """
    _check_folder(specs)
    _check_name(name)
    if len(formats) > 1 and (repo_id or quantizations):
        raise MisuseError("--repo-id and --quantization belong to one format, not to several",
                          hint="give one --format, and add the other specs in the file")
    known = _schema_formats()
    for item in formats:
        if item not in known:
            near = get_close_matches(item, known, n=1)
            raise MisuseError(f"there is no format {item!r}",
                              hint=(f"did you mean {near[0]}? " if near else "")
                              + f"formats are {', '.join(known)}")
    path = place(name, specs)
    facts = Facts(name, [SpecFacts(item, _size(size), repo_id, quantizations) for item in formats])
    return path, skeleton(facts, schema=modeline.choose(path, "family", None))


def place(name: str, specs: Path) -> Path:
    """Where the file of a new family goes.

    Raises:
        MisuseError: The name cannot be, or is taken.
    """
    _check_folder(specs)
    _check_name(name)
    path = specs / "families" / f"{name}.yaml"
    _check_free(name, path)
    return path


def _check_folder(specs: Path) -> None:
    if not specs.is_dir():
        raise MisuseError(f"there is no specs folder at {specs}", code="specs-missing",
                          hint="name it with --specs, or create it")


def store(path: Path, text: str) -> None:
    """Write a new file whole or not at all; an existing one is never touched.

    Raises:
        UserError: There is a file of that name, or none can be written.
    """
    temporary = None
    try:
        path.parent.mkdir(exist_ok=True)
        handle, temporary = tempfile.mkstemp(prefix=".new-", dir=path.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(text.encode("utf-8"))
        mask = os.umask(0)
        os.umask(mask)
        Path(temporary).chmod(0o666 & ~mask)
        # A link, unlike a rename, fails where somebody else was faster.
        path.hardlink_to(temporary)
    except FileExistsError:
        raise _taken(f"{path} is there already") from None
    except OSError as error:
        raise UserError(f"cannot write {path}: {error.strerror}", code="write-failed") from None
    finally:
        if temporary is not None:
            with contextlib.suppress(OSError):
                Path(temporary).unlink(missing_ok=True)


def _check_name(name: str) -> None:
    if not name.isprintable():
        reason: str | None = "it holds an invisible character"
    elif len(name) > _LONGEST_NAME:
        reason = f"it is longer than {_LONGEST_NAME} characters"
    elif name != name.strip() or name.startswith((".", "-")):
        reason = "it begins or ends with a space, or begins with a dot or hyphen"
    else:
        reason = name_reason(name) or unsafe_path_reason(f"{name}.yaml")
    if reason:
        raise MisuseError(f"{name!r} cannot be a family's name: {reason}", code="name-invalid",
                          hint="name it as its lab does, such as seed-oss or qwen2.5")


def _check_free(name: str, path: Path) -> None:
    """Refuse a name that is another's on some file system or in some page address."""
    if not path.parent.is_dir():
        return
    for other in sorted(path.parent.iterdir()):
        if other.suffix not in (".yaml", ".yml"):
            continue
        names = {other.stem, _family_name(other) or other.stem}
        for taken in sorted(names):
            if taken == name:
                raise _taken(f"the family {name} is there already, in {other}")
            if taken.casefold() == name.casefold():
                raise _taken(f"{name!r} differs from {taken!r} ({other}) only in case")
            if slug(taken) == slug(name):
                raise _taken(f"{name!r} and {taken!r} ({other}) would have the same page, "
                             f"{slug(name)}")


def _taken(message: str) -> MisuseError:
    return MisuseError(message, code="name-taken",
                       why="names are told apart without regard to case, as files are on some "
                           "systems",
                       hint="choose another name, or add a spec to the family that is there")


def _family_name(path: Path) -> str | None:
    try:
        with open(path, "rb", opener=regular) as stream:
            tree, _ = parse(stream.read(MAX_BYTES + 1), str(path))
    except OSError:
        return None
    node = tree.get("name") if isinstance(tree, Mapping) else None
    return node.raw if isinstance(node, Scalar) else None


def _size(size: str | None) -> str | None:
    if size is None:
        return None
    text = re.sub(r"[.]", "_", size, count=1)
    try:
        if parse_size(text):
            return text
    except ValueError:
        pass
    raise MisuseError(f"{size!r} is not a size in billions of parameters",
                      hint="write it as 7, 0_5 or 1_8")


def _schema_formats() -> list[str]:
    path = files("compiler") / "schema" / "family.schema.json"
    schema = json.loads(path.read_text(encoding="utf-8"))
    found: list[str] = schema["properties"]["specs"]["items"]["properties"]["format"]["enum"]
    return found
