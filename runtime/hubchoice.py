"""Choosing among the hubs that have a combination (`--hub auto`), and saying which one and why.

What is here already comes first; else the first hub in the spec's order that answers and has every
file. A hub is never changed once a download has begun: when that fails, the user is told.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

from runtime import asking, home, layout
from runtime.combination import Combination, hubs_with
from runtime.errors import UserError
from runtime.hubs import TITLES, explain_unavailable, forbidden_by, load_hub
from runtime.local import Located, from_local_hub
from runtime.present import Options, present
from runtime.progress import Reporter
from runtime.reuse import each_hub

#: What a hub lists cannot be trusted; another hub is not asked before somebody has looked.
_ENDS = {"unsafe-path", "stale-lock"}


def here(combination: Combination, options: Options) -> Iterator[tuple[Combination, Located]]:
    """The combination on each hub from which it is on this machine in full."""
    for each in each_hub(combination):
        if each.hub_name == "local":
            with contextlib.suppress(UserError):  # why it is not there is told when it is asked
                yield each, from_local_hub(each, options.hub_root)
            continue
        repository = home.repository_folder(each.hub_name, each.repo_id)
        if found := present(each, repository, options):
            yield each, found


def choose(combination: Combination, options: Options, reporter: Reporter) -> Combination:
    """The combination on the hub that its files are taken from; `options.choosing` is told.

    Raises:
        UserError: No hub answers and has it; the message says what each of them said.
    """
    say = options.choosing or reporter.notify
    hubs = list(each_hub(combination))
    if not hubs:
        names = [hub.hub for hub in hubs_with(combination.spec, combination.quantization)]
        raise explain_unavailable(names[0] if names else combination.hub_name, names)
    if not options.refresh:
        for each, _ in here(combination, options):
            say(f"--hub auto: {_title(each)}, since {each.repo_id} is here from there already")
            return each
    failures: list[tuple[Combination, UserError]] = []
    for each in hubs:
        try:
            _ask(each, options, reporter)
        except UserError as error:
            if error.code in _ENDS:
                raise
            failures.append((each, error))
            say(f"--hub auto: not {_title(each)}: {error.message}")
            continue
        left = [_title(other) for other in hubs if other.hub_name != each.hub_name]
        more = f" ({' and '.join(left)} not asked)" if left and not failures else ""
        variable = forbidden_by(each.hub_name)
        why = (f"unasked, since {variable} is set and {each.repo_id} is not here" if variable
               else f"which has {each.repo_id}{more}")
        say(f"--hub auto: {_title(each)}, {why}")
        if failures and (other := _differs(failures[0][0], each)):
            say(f"--hub auto: note that {other} is not the same there as on "
                f"{_title(failures[0][0])}, by the catalogue's lock")
        return each
    raise _nowhere(combination, failures)


def _ask(combination: Combination, options: Options, reporter: Reporter) -> None:
    """Ask one hub whether it has every file.

    Raises:
        UserError: It does not, or does not answer.
    """
    if combination.hub_name == "local":
        from_local_hub(combination, options.hub_root)
        return
    if forbidden_by(combination.hub_name):
        return  # the download itself says which files are missing
    hub = load_hub(combination.hub_name)
    with tempfile.TemporaryDirectory(prefix="modelbook-") as work:
        resolved = asking.resolve(hub, combination, options, work=Path(work),
                                  notify=reporter.notify)
    layout.needed(combination, resolved.files, allow_pickle=options.allow_pickle)


def _differs(first: Combination, second: Combination) -> str:
    """A file of which the lock knows other bytes on the second hub than on the first."""
    hashes: list[dict[str, str]] = []
    for each in (first, second):
        listed = each.locked.files.get(each.quantization, []) if each.locked else []
        hashes.append({file.path: file.sha256 for file in listed if file.sha256})
    return next((path for path, digest in hashes[0].items()
                 if hashes[1].get(path, digest) != digest), "")


def _nowhere(combination: Combination, failures: list[tuple[Combination, UserError]]) -> UserError:
    codes = {error.code for _, error in failures}
    if len(failures) == 1:
        return failures[0][1]
    first = failures[0][1]
    details = dict(first.details) if len(codes) == 1 else {}
    said = "; ".join(f"{_title(each)}: {error.message}" for each, error in failures)
    return UserError(f"no hub gives {combination.family.name} {combination.quantization}",
                     code=codes.pop() if len(codes) == 1 else "no-hub-answers", why=said,
                     hint="\n".join(dict.fromkeys(f"{_title(each)}: {error.hint}"
                                                  for each, error in failures if error.hint)),
                     details={**details, "hubs": {each.hub_name: error.code
                                                  for each, error in failures}})


def _title(combination: Combination) -> str:
    return TITLES[combination.hub_name]
