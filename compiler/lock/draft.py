"""Drafts a family from a hub's repository: what it states, and nothing that it does not.

A value that cannot be read, or of which two things are said, stays open: the skeleton writes `TODO`
there, and `compiler check` points at it. Texts of the repository are data: only such as have the
form of a fact are taken, and the skeleton quotes them.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from compiler.check.ids import base_name, stated_activated, stated_formats, stated_sizes
from compiler.check.languages import is_language
from compiler.lock.ask import Reading, describe, safe_files, stamp
from compiler.lock.listing import GgufFiles, gguf_files
from compiler.lock.sources import Use, Wanted
from compiler.new import Facts, SpecFacts
from compiler.read.nodes import Mapping, Scalar
from compiler.read.nodes import Sequence as Items
from compiler.read.parse import parse
from runtime.errors import MisuseError, UserError
from runtime.gguf import FILE_TYPES
from runtime.hubs import MODULES, TITLES, load_hub
from runtime.hubs.base import RemoteFile, Resolved
from runtime.lockfile import ConfigFacts, LockedSource
from runtime.manifest import Hub, Source, Spec

_FROM = re.compile(r"(?P<hub>[a-z_]+):(?P<repo_id>[A-Za-z0-9][A-Za-z0-9_./-]{0,200})"
                   r"(?:@(?P<revision>[A-Za-z0-9][A-Za-z0-9_.+/-]{0,200}))?")
_COMMIT = re.compile(r"[0-9a-f]{40}")
_LICENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+-]{0,60}")
_CLASS = re.compile(r"[A-Za-z0-9_]{1,120}")
_TYPE = re.compile(r"[A-Za-z0-9._-]{1,120}")
#: A model card is longer; what is asked for stands at its beginning.
_CARD = 1 << 16
_WEIGHTS = (".safetensors", ".bin", ".pt", ".pth")
#: By so much the size in a name may differ from what is counted, as in MB607.
_SLACK = Decimal("0.34")
#: Method of a checkpoint → format, and how the format calls its quantizations by their bits.
_METHODS = {
    "gptq": ("gptq", "Int{}"), "gptqmodel": ("gptq", "Int{}"), "auto_gptq": ("gptq", "Int{}"),
    "auto-round": ("gptq", "Int{}"), "awq": ("awq", "Int{}"), "fp8": ("fp8", "fp8"),
    "fbgemm_fp8": ("fp8", "fp8"), "mxfp4": ("fp4", "fp4"), "nvfp4": ("fp4", "fp4"),
    "modelopt_fp4": ("fp4", "fp4"), "bitsandbytes": ("bnb", "{}-bit"), "mlx": ("mlx", "{}bit"),
}
#: Methods that stand for several formats, by the bits of the weights.
_FORMATS_BY_BITS = {("modelopt", 8): "fp8", ("modelopt", 4): "fp4"}
#: Files that say what a repository holds instead of a model by itself.
_NO_MODEL = {"model_index.json": ("a pipeline of several models", "name one of a language model"),
             "adapter_config.json": ("an adapter, which only changes another model",
                                     "name the repository of the whole model")}
#: Likewise, for a model whose use is another than to write texts.
_EMBEDDING = ("config_sentence_transformers.json", "sentence_bert_config.json")
_DTYPES = {"bfloat16": "bf16", "float16": "fp16"}
_NOWHERE = Source(file="", line=1)


@dataclass(frozen=True, slots=True)
class Origin:
    """A repository to draft from.

    Attributes:
        hub: Hub name.
        repo_id: The repository.
        revision: Commit, tag, branch or version; None for the default.
    """

    hub: str
    repo_id: str
    revision: str | None = None

    def __str__(self) -> str:
        return f"{self.hub}:{self.repo_id}"


def parse_origin(text: str) -> Origin:
    """Read `HUB:REPO_ID` or `HUB:REPO_ID@REVISION`.

    Raises:
        MisuseError: It is neither, or names no hub that can be asked.
    """
    hubs = sorted(MODULES)
    match = _FROM.fullmatch(text)
    if match is None or match["hub"] not in hubs:
        raise MisuseError(f"{text!r} names no repository of a hub", code="origin-invalid",
                          hint="write HUB:REPO_ID, such as huggingface:org/name or pypi:name; hubs "
                               f"are {', '.join(hubs)}")
    return Origin(match["hub"], match["repo_id"], match["revision"])


def draft(name: str, origin: Origin, *, quantizations: Sequence[str],
          notify: Callable[[str], None]) -> Facts:
    """Read what a repository states.

    Args:
        name: The family's name.
        origin: The repository.
        quantizations: Patterns of the names that quantizations of GGUF files have.
        notify: Told about waits, and about what could not be read.

    Raises:
        UserError: The hub cannot be asked, has no such repository, or it holds no weights.
    """
    with tempfile.TemporaryDirectory(prefix="modelbook-draft-") as folder:
        work = Path(folder)
        hub = load_hub(origin.hub)
        resolved = hub.resolve(origin.repo_id, origin.revision, work=work, notify=notify)
        reading = Reading(hub, resolved, work, notify, thorough=True)
        files = safe_files(resolved)
        listed = gguf_files(files, quantizations)
        uses = _uses(origin, resolved, listed, files)
        if refusal := _refusal(origin, files, listed, uses):
            raise refusal
        wanted = Wanted(origin.hub, origin.repo_id, None, tuple(uses))
        found = describe(wanted, reading, time=stamp())
        card = reading.text("README.md", _CARD)
    return _Drafting(name, origin, found, listed, files).facts(card)


def _refusal(origin: Origin, files: Sequence[RemoteFile], listed: GgufFiles, uses: Sequence[Use],
             ) -> UserError | None:
    """Why nothing can be drafted; None where something can."""
    where = f"{origin.repo_id} on {TITLES[origin.hub]}"
    paths = {file.path for file in files}
    for path, (what, hint) in _NO_MODEL.items() if "config.json" not in paths else ():
        if path in paths:
            return UserError(f"{where} holds {what}", code="no-language-model",
                             why=f"its {path} says so", hint=hint)
    if uses:
        return None
    why = ("it has neither .gguf files nor .safetensors or .bin files at its top"
           if not listed.others else
           f"no name of its {len(listed.others)} .gguf files says a quantization")
    return UserError(f"{where} holds no weights that can be drafted", code="files-missing", why=why,
                     hint="name the repository that holds the weights themselves")


def _uses(origin: Origin, resolved: Resolved, listed: GgufFiles, files: Sequence[RemoteFile],
          ) -> list[Use]:
    """What to read headers of: one GGUF file, and the folder's weights."""
    found: list[Use] = []
    if _gguf_path(listed):
        hub = Hub(hub=origin.hub, repo_id=origin.repo_id, quantizations=["x"],
                  file_template=_gguf_path(listed))
        found.append(_use(hub, "ggufv2"))
    if _folder_weights(files):
        found.append(_use(Hub(hub=origin.hub, repo_id=origin.repo_id, quantizations=["x"]),
                          "pytorch"))
    return found


def _use(hub: Hub, model_format: str) -> Use:
    return Use(Spec(format=model_format, size_in_billions="0", quantizations=["x"], hubs=[hub],
                    engines=[], source=_NOWHERE), hub, "x")


def _gguf_path(listed: GgufFiles) -> str | None:
    """A GGUF file whose header tells what all of them have in common."""
    for name in listed.quantizations:
        if name in listed.split_parts and listed.split_file_template:
            template = listed.split_file_template.replace("{part}", listed.split_parts[name][0])
        else:
            template = listed.file_template or ""
        return template.replace("{quantization}", name)
    return listed.others[0] if len(listed.others) == 1 else None


def _folder_weights(files: Sequence[RemoteFile]) -> bool:
    return any("/" not in file.path and file.path.endswith(_WEIGHTS) for file in files)


class _Drafting:
    """Turns what was read into the skeleton's facts."""

    def __init__(self, name: str, origin: Origin, found: LockedSource, listed: GgufFiles,
                 files: Sequence[RemoteFile]) -> None:
        self.name = name
        self.origin = origin
        self.found = found
        self.listed = listed
        self.files = files
        self.config = found.config or ConfigFacts()
        self.header = found.gguf[0] if found.gguf else None

    def facts(self, card: bytes | None) -> Facts:
        """All of it."""
        specs = []
        if self.listed.quantizations or _gguf_path(self.listed):
            specs.append(self._gguf())
        if _folder_weights(self.files):
            specs.append(self._folder())
        context = self.config.context_length or (
            self.header.context_length if self.header else None)
        licence = self.found.licence or ""
        template = self.found.chat_template
        notes = [f"Drafted from {self.origin}; look through all of it."]
        if template is None:
            notes.append("Whether there is a chat template could not be read: chat is a guess.")
        elif not template:
            notes.append("There is no chat template, so it only completes texts.")
        if any(file.path in _EMBEDDING for file in self.files):
            notes.append("It is an embedding model: no engine here serves it as one that writes.")
        return Facts(
            name=self.name, specs=specs, context_length=context, drafted=True,
            languages=languages(card), abilities=["chat" if template is not False else "generate"],
            architectures=[item for item in self.config.architectures if _CLASS.fullmatch(item)],
            model_type=_if(_TYPE, self.config.model_type), hubs=[self.origin.hub], notes=notes,
            licence=licence if _LICENCE.fullmatch(licence) and licence != "other" else None)

    def _gguf(self) -> SpecFacts:
        names, template = self.listed.quantizations, self.listed.file_template
        notes = []
        others = list(self.listed.others)
        if not names:
            # One file whose name tells nothing: its header may say what it is.
            template = _plain(others.pop())
            number = self.header.file_type if self.header else None
            stated = FILE_TYPES.get(number) if number is not None else None
            names = [stated] if stated else []
        if others:
            count = "1 GGUF file is" if len(others) == 1 else f"{len(others)} GGUF files are"
            notes.append(f"{count} left out, since no template above names them.")
        if self.listed.projectors:
            notes.append("Its projector files give it vision or hearing: add that to abilities.")
        label = self.header.size_label if self.header else None
        size, told = self._size(None, label or "")
        return SpecFacts(
            format="ggufv2", size_in_billions=size, repo_id=self.origin.repo_id,
            quantizations=names, undecided=not names, file_template=template,
            split_file_template=self.listed.split_file_template,
            split_parts=self.listed.split_parts, projectors=self.listed.projectors,
            revision=self._revision(), notes=[*told, *notes])

    def _folder(self) -> SpecFacts:
        model_format, quantization, told = self._kind()
        size, notes = self._size(self.config.total, "")
        if not any(file.path.endswith(".safetensors") for file in self.files):
            notes = [*notes, "Only pickled weights are there; loading them can run code."]
        return SpecFacts(
            format=model_format, size_in_billions=size, repo_id=self.origin.repo_id,
            quantizations=[quantization] if quantization else [], undecided=quantization is None,
            activated_size_in_billions=self._activated(),
            mixture=bool(self.config.experts), revision=self._revision(), notes=[*told, *notes])

    def _kind(self) -> tuple[str, str | None, list[str]]:
        """Format, quantization, and what to say of them."""
        method, bits = self.config.quantization_method, self.config.bits
        if method is None:
            if self.found.config is None:
                return "pytorch", None, ["No config.json could be read, which would tell the "
                                         "format: decide on it."]
            if "mlx" in stated_formats(self.origin.repo_id):
                return "mlx", _DTYPES.get(self.config.dtype or ""), []
            return "pytorch", "none", []
        known = _METHODS.get(method)
        named = [name for name in stated_formats(self.origin.repo_id) if name in ("fp8", "fp4")]
        if by_bits := _FORMATS_BY_BITS.get((method, bits or 0)):
            known = (by_bits, by_bits)
        elif method == "compressed-tensors" and named == [f"fp{bits}"]:
            known = (named[0], named[0])  # whole numbers have eight bits as well; the name tells
        if known is None:
            shown = method if _TYPE.fullmatch(method) else "another"
            return "pytorch", None, [f"config.json states the quantization method {shown}: decide "
                                     "on the format."]
        model_format, pattern = known
        if "{}" not in pattern:
            return model_format, pattern, []
        return model_format, pattern.format(bits) if bits in range(2, 9) else None, []

    def _size(self, count: int | None, label: str) -> tuple[str | None, list[str]]:
        """The size as the lab calls it, where it fits what is counted; and what to say of it."""
        sizes = stated_sizes(base_name(self.origin.repo_id)) or stated_sizes(label)
        named = sizes[0].low if len(sizes) == 1 and sizes[0].low == sizes[0].high else None
        counted = Decimal(count) / 10**9 if count else None
        if named and counted and abs(counted - named) > _SLACK * named:
            return None, [f"The name says {written(named)}, the weights have "
                          f"{written(rounded(counted))} billion parameters: decide."]
        if named:
            return written(named), []
        if counted:
            return written(rounded(counted)), ["Counted in the headers of the weights."]
        return None, []

    def _activated(self) -> str | None:
        stated = stated_activated(base_name(self.origin.repo_id))
        if len(stated) == 1:
            return written(stated[0].low)
        count = self.config.activated
        return written(rounded(Decimal(count) / 10**9)) if count else None

    def _revision(self) -> str | None:
        """What to pin; hashes that stand for a commit cannot be asked for later."""
        commit = self.found.commit
        return commit if self.origin.hub == "pypi" or _COMMIT.fullmatch(commit) else None


def languages(card: bytes | None) -> list[str]:
    """The languages that a model card's metadata names; none where it names anything else."""
    if card is None or not card.startswith(b"---"):
        return []
    text = card.decode("utf-8", "replace").replace("\r\n", "\n")
    head, mark, _ = text[4:].partition("\n---")
    if not mark:
        return []
    tree, _ = parse(head.encode("utf-8"), "README.md")
    node = tree.get("language") if isinstance(tree, Mapping) else None
    items = node.items if isinstance(node, Items) else [node]
    found = [item.raw for item in items if isinstance(item, Scalar)]
    codes = list(dict.fromkeys(found))
    return codes if codes and all(is_language(code) for code in codes) else []


def rounded(billions: Decimal) -> Decimal:
    """A counted number as people would say it: three digits, and no more than thousandths."""
    return Decimal(f"{billions:.3g}") if billions >= 1 else round(billions, 3)


def written(billions: Decimal) -> str:
    """A number of billions as specs write it, `_` for the point."""
    text = format(billions, "f")
    return (text.rstrip("0").rstrip(".") if "." in text else text).replace(".", "_")


def _if(form: re.Pattern[str], text: str | None) -> str | None:
    return text if text and form.fullmatch(text) else None


def _plain(path: str) -> str | None:
    return path if re.fullmatch(r"[A-Za-z0-9_./+-]+", path) else None
