"""The manifest and the verification records that pages are made of, loaded once a build."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import msgspec
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.environment import BuildEnvironment
from sphinx.util import logging

from compiler import resolve
from compiler.emit.language import Language
from compiler.sphinx.words import spoken
from runtime import manifest as manifests
from runtime.errors import UserError
from runtime.manifest import Engine, Family, Format, Manifest
from runtime.naming import combination_id
from runtime.records import Record

logger = logging.getLogger(__name__)

#: Family, size, format, quantization, engine.
ID_PARTS = 5


@dataclass(frozen=True, slots=True)
class Tried:
    """What `verification.json` says of one combination.

    Attributes:
        outcome: `passed`, `failed`, `environment`, `skipped` or `stale`.
        level: Highest level that was reached; empty if none.
        weights: `real`, `twin`, or empty where every record is stale.
        stale: How many records no longer count.
        records: Those that count, the most telling first.
    """

    outcome: str
    level: str
    weights: str
    stale: int
    records: list[Record]


@dataclass(frozen=True)
class Site:
    """Everything that pages are made of.

    Attributes:
        manifest: What `compiler build` wrote.
        tried: Combination id → what became of it.
        language: That of the site, with what specs say in it.
    """

    manifest: Manifest
    tried: Mapping[str, Tried] = field(default_factory=dict)
    language: Language = field(default_factory=Language)

    @cached_property
    def families(self) -> dict[str, Family]:
        """Families by their name in lower case."""
        return {family.name.casefold(): family for family in self.manifest.families}

    @cached_property
    def by_label(self) -> dict[str, Family]:
        """Families by the label of their page, whatever profile wrote it."""
        stated = {f"models_{family.type}_{family.name.lower()}": family
                  for family in self.manifest.families}
        return stated | {family_label(family): family for family in self.manifest.families}

    @cached_property
    def engines(self) -> dict[str, Engine]:
        """Engines by their name in lower case."""
        return {engine.name.casefold(): engine for engine in self.manifest.engines}

    @cached_property
    def formats(self) -> dict[str, Format]:
        """Formats by name."""
        return {item.name: item for item in self.manifest.formats}

    @cached_property
    def _labs(self) -> dict[str, list[Family]]:
        labs: dict[str, list[Family]] = {}
        for family in self.manifest.families:
            labs.setdefault(lab(family), []).append(family)
        return labs

    def siblings(self, family: Family) -> tuple[str, list[Family]]:
        """The lab of a family, and the other families that come from it."""
        name = lab(family)
        return name, [each for each in self._labs[name] if each is not family] if name else []

    @cached_property
    def _records_of(self) -> dict[str, list[str]]:
        """Family → the combinations of it that were tried."""
        found: dict[str, list[str]] = {}
        for name in sorted(self.tried):
            found.setdefault(name.split("/")[0], []).append(name)
        return found

    @cached_property
    def counts(self) -> dict[str, dict[str, dict[str, int]]]:
        """Engine → format → outcome → combinations.

        `promised` counts what pages promise, `untried` those of it without a record; the outcomes
        are those of `Tried` and count what was tried, promised or not.
        """
        found: dict[str, dict[str, dict[str, int]]] = {}
        for family in self.manifest.families:
            known = family.name in self._records_of  # else no id of it has to be looked up
            for spec in family.specs:
                for claim in spec.engines:
                    counts = found.setdefault(claim.engine, {}).setdefault(spec.format, {})
                    promised = [name for name in claim.quantizations if name not in claim.refuted]
                    _count(counts, "promised", len(promised))
                    _count(counts, "untried", len(promised) if not known else sum(
                        combination_id(family.name, spec.size_in_billions, spec.variant,
                                       spec.format, name, claim.engine) not in self.tried
                        for name in promised))
        for full, tried in self.tried.items():
            parts = full.split("/")  # no name in an id holds a slash
            if len(parts) == ID_PARTS:
                _count(found.setdefault(parts[4], {}).setdefault(parts[2], {}),
                       tried.outcome, 1)
        return found

    @cached_property
    def _engine_digest(self) -> bytes:
        return msgspec.json.encode([self.manifest.engines, self.manifest.formats,
                                    self.language.engines], order="sorted")

    @cached_property
    def digest(self) -> str:
        """Changes when anything changes."""
        return _digest([self._engine_digest, *map(manifests.family_bytes, self.manifest.families),
                        *(self.tried_bytes(name) for name in sorted(self._records_of))])

    @cached_property
    def engines_digest(self) -> str:
        """Changes when anything changes that pages about engines show: facts and counts."""
        return _digest([self._engine_digest, msgspec.json.encode(self.counts, order="sorted")])

    def family_digest(self, family: Family) -> str:
        """Changes when anything changes that the family's page is made of."""
        return _digest([self._engine_digest, manifests.family_bytes(family),
                        self.tried_bytes(family.name)])

    def page_digest(self, family: Family) -> str:
        """Likewise, with the families that its page links to."""
        others = [each.name for each in self.siblings(family)[1]]
        return _digest([self.family_digest(family).encode(), msgspec.json.encode(others)])

    def tried_bytes(self, family: str) -> bytes:
        """What is known of a family's combinations, as bytes to compare."""
        return msgspec.json.encode([[name, self.tried[name]] for name
                                    in self._records_of.get(family, ())], order="sorted")


def _count(counts: dict[str, int], what: str, more: int) -> None:
    if more:
        counts[what] = counts.get(what, 0) + more


def _digest(parts: Iterable[bytes]) -> str:
    whole = hashlib.sha256()
    for part in parts:
        whole.update(hashlib.sha256(part).digest())
    return whole.hexdigest()


def family_label(family: Family) -> str:
    """The target of cross-references to a family's page."""
    return resolve.family_label(family.type, family.slug)


def lab(family: Family) -> str:
    """Who made a family: the owner of the repository with its unquantized weights.

    Empty where every spec is a quantization, which is often another's.
    """
    for spec in family.specs:
        if spec.format == "pytorch" and "/" in spec.hubs[0].repo_id:
            return spec.hubs[0].repo_id.split("/")[0]
    return ""


def manifest_path(source: Path, config: Config) -> Path:
    """Where the manifest is."""
    return source / str(config.modelbook_manifest)


def verification_path(source: Path, config: Config) -> Path:
    """Where the outcome of verification is, if there is any."""
    if config.modelbook_verification:
        return source / str(config.modelbook_verification)
    return manifest_path(source, config).with_name("verification.json")


def site(env: BuildEnvironment) -> Site | None:
    """What this project's pages are made of; None where the manifest could not be read."""
    return load(Path(env.srcdir), env.config)


def load(source: Path, config: Config) -> Site | None:
    """Likewise, where there is no environment yet; the same files are read once."""
    return _load(_stamp(manifest_path(source, config)), _stamp(verification_path(source, config)),
                 spoken(source, config))


def _stamp(path: Path) -> tuple[str, int, int]:
    """A file as it is now: a change of it gives another stamp."""
    try:
        found = path.stat()
    except OSError:
        return str(path), 0, -1
    return str(path), found.st_mtime_ns, found.st_size


@lru_cache(maxsize=4)
def _load(manifest: tuple[str, int, int], verification: tuple[str, int, int],
          language: Language) -> Site | None:
    path = Path(manifest[0])
    try:
        loaded = manifests.load(path)
        tried = _read_tried(Path(verification[0])) if verification[2] >= 0 else {}
    except UserError as error:
        hint = error.hint or "write it with `compiler build --out`, or set modelbook_manifest"
        logger.warning("%s (%s)", error, hint, type="modelbook", subtype="manifest")
        return None
    return Site(loaded, tried, language)


def _read_tried(path: Path) -> dict[str, Tried]:
    try:
        body: dict[str, Any] = json.loads(path.read_bytes())
        return {name: Tried(said["outcome"], said["level"], said["weights"], said["stale"],
                            msgspec.convert(said["records"], list[Record]))
                for name, said in body["combinations"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserError(f"cannot read {path}: {error}", code="verification-unreadable",
                        hint="write it anew with `compiler build`") from None


def _load_at_start(app: Sphinx) -> None:
    """Read the manifest before Sphinx forks, so that its processes share it."""
    site(app.env)


def setup(app: Sphinx) -> None:
    """Load what pages are made of when a build begins."""
    app.connect("builder-inited", _load_at_start)
