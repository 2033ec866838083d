"""What a hub says of a combination now, without downloading its weights: the level `hub`."""

from __future__ import annotations

import tempfile
from pathlib import Path

from runtime.combination import Combination
from runtime.fetch import Options
from runtime.hubchoice import choose
from runtime.hubs import load_hub
from runtime.layout import needed
from runtime.local import LocalFile, Located, expected
from runtime.progress import Reporter


def ask(combination: Combination, options: Options, reporter: Reporter) -> Located:
    """Ask the hub for the revision and its list of files, and choose what would be downloaded.

    Raises:
        UserError: The hub cannot be reached, or does not have what the spec says.
    """
    if options.choosing is not None:
        combination = choose(combination, options, reporter)
    hub = load_hub(combination.hub_name)
    with tempfile.TemporaryDirectory(prefix="modelbook-") as work:
        resolved = hub.resolve(combination.repo_id, combination.hub.revision, work=Path(work),
                               notify=reporter.notify)
    chosen = needed(combination, resolved.files, allow_pickle=options.allow_pickle)
    files = tuple(LocalFile(file.path, file.size or 0, _digest(file.sha256, file.git_sha1))
                  for file in chosen)
    return Located(model=expected(combination), hub=combination.hub_name,
                   repo_id=resolved.repo_id, revision=resolved.revision, commit=resolved.commit,
                   files=files)


def _digest(sha256: str | None, git_sha1: str | None) -> str:
    if sha256:
        return f"sha256:{sha256}"
    return f"git-sha1:{git_sha1}" if git_sha1 else "size"
