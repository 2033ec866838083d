"""Which files of a hub's repository a quantization needs. Pure functions over manifest records."""

from __future__ import annotations

import re
from collections.abc import Sequence

from runtime.errors import UserError
from runtime.manifest import Hub

#: In a path that begins with a slash, in lower case; a fixed first letter is quickly looked for.
_RESERVED = re.compile(r"/(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\.|/|$)")
_FORBIDDEN = re.compile(r'[\x00-\x1f\x7f<>:"|?*\\]')
_LONGEST = 1024
#: What a draft model's templates hold in place of `{quantization}`.
_DRAFT = "{draft_quantization}"
#: What nearly all paths are made of; such a part needs no further look.
_PLAIN_PART = r"[A-Za-z0-9_](?:[A-Za-z0-9_.+-]*[A-Za-z0-9_+-])?"
_PLAIN = re.compile(f"{_PLAIN_PART}(?:/{_PLAIN_PART})*")


def unsafe_path_reason(path: str) -> str | None:
    """Why `path` must not be joined to a folder, under POSIX and Windows rules alike; None if safe.

    Specs and hub listings come from strangers; a path is safe when it is relative, stays inside the
    folder and means the same file on every system.
    """
    if _PLAIN.fullmatch(path) and len(path) <= _LONGEST and not _reserved(path):
        return None
    if not path:
        return "it is empty"
    if len(path) > _LONGEST:
        return f"it is longer than {_LONGEST} characters"
    if match := _FORBIDDEN.search(path):
        return f"it holds {match.group()!r}"
    if path.startswith("/"):  # a Windows drive would need a colon or a backslash
        return "it is absolute"
    for part in path.split("/"):
        if part in ("", ".", ".."):
            return f"it has the part {part!r}"
        if part.endswith((" ", ".")) or part.startswith(" "):
            return f"its part {part!r} begins or ends with a space or ends with a dot"
        if _reserved(part):
            return f"its part {part!r} is a reserved name on Windows"
    if path.split("/")[0] in (".git", ".cache", ".huggingface"):
        return "it lies in a folder that hub clients keep for themselves"
    return None


def _reserved(path: str) -> bool:
    """Whether a part of `path` is a reserved name on Windows."""
    return _RESERVED.search(f"/{path}".lower()) is not None


def all_plain(paths: Sequence[str]) -> bool:
    """Whether all paths are safe, and so plain that they need no look one by one."""
    joined = "/".join(paths)
    return not paths or (
        _PLAIN.fullmatch(joined) is not None and max(map(len, paths)) <= _LONGEST
        and not _reserved(joined))


def expand(template: str, quantization: str, part: str | None = None) -> str:
    """`template` with `{quantization}` and `{part}` replaced; nothing else is interpreted."""
    text = template.replace("{quantization}", quantization)
    return text if part is None else text.replace("{part}", part)


def repo_id(hub: Hub, quantization: str) -> str:
    """The repository that holds `quantization` on this hub."""
    return expand(hub.repo_id, quantization)


def draft_hub(hub: Hub) -> Hub | None:
    """The hub's copy of the draft model as one of its own; None where it names no draft.

    Its quantizations are the draft's; `none` stands for the only one of a draft that names none.
    """
    draft = hub.draft
    if draft is None:
        return None
    template = draft.file_template
    return Hub(hub=hub.hub, repo_id=draft.repo_id.replace(_DRAFT, "{quantization}"),
               quantizations=draft.quantizations or ["none"],
               file_template=template and template.replace(_DRAFT, "{quantization}"),
               locked=draft.locked)


def is_split(hub: Hub, quantization: str) -> bool:
    """Whether the quantization's weights are in several files."""
    return len(hub.split_parts.get(quantization, ())) > 1


def expected_files(hub: Hub, quantization: str) -> list[str] | None:
    """Exact repository paths of a quantization's weights, in loading order.

    Returns:
        The paths for formats laid out as files; None for a folder format, where the whole
        repository (less what no engine reads) is needed.

    Raises:
        UserError: A template expands to a path that is not safe.
    """
    parts = hub.split_parts.get(quantization)
    if parts:
        if hub.split_file_template is None:
            return None
        paths = [expand(hub.split_file_template, quantization, part) for part in parts]
    elif hub.file_template is not None:
        paths = [expand(hub.file_template, quantization)]
    else:
        return None
    for path in paths:
        if reason := unsafe_path_reason(path):
            raise UserError(f"the file name {path!r} is not safe: {reason}", code="unsafe-path",
                            why="a model's files must stay inside its own folder",
                            hint="correct the file template in the family's YAML")
    return paths
