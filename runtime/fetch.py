"""From a combination to its files on this machine: downloaded, verified, and only once.

Files lie in `models/<hub>/<repo_id>/<commit>/` under the data folder. Complete means that every
file that the combination needs is there and was verified; then nothing is asked of the hub again,
so a branch stays at the commit that was downloaded until a refresh is asked for.
"""

from __future__ import annotations

from msgspec.structs import replace

from runtime import drafting, home
from runtime.combination import Combination
from runtime.errors import UserError
from runtime.local import Located, from_local_hub, held, use_path
from runtime.lock import folder_lock
from runtime.present import Options, present, wanted_revision
from runtime.progress import Reporter, Silent

_NO_DRAFT = "--no-draft leaves out the draft model, which makes answers faster, not different"

__all__ = ["Options", "ensure", "preview", "use_path", "wanted_revision"]


def ensure(combination: Combination, options: Options | None = None,
           reporter: Reporter | None = None) -> Located:
    """Have the combination's files, and its draft model's, on this machine, complete and verified.

    Raises:
        UserError: They cannot be had; the message says why and what to do.
    """
    options, reporter = options or Options(), reporter or Silent()
    found = _ensure(combination, options, reporter)
    draft = drafting.of(combination, found.hub)
    if draft is None:
        return found
    if found.hub == "local":
        return found.with_draft(_beside(draft, options, reporter))
    try:
        return found.with_draft(_ensure(draft, replace(options, choosing=None), reporter))
    except UserError as error:
        error.hint = "\n".join(filter(None, (error.hint, _NO_DRAFT)))
        raise


def _beside(draft: Combination, options: Options, reporter: Reporter | None = None,
            ) -> Located | None:
    """The draft model in a local hub, which may do without: nothing but speed comes from it."""
    try:
        return from_local_hub(draft, options.hub_root)
    except UserError as error:
        if error.code not in ("not-on-hub", "files-missing"):
            raise
        if reporter is not None:
            reporter.notify(f"serving without the draft model: {error.message}")
        return None


def _ensure(combination: Combination, options: Options, reporter: Reporter) -> Located:
    if options.model_path is not None:
        return use_path(combination, options.model_path)
    if options.choosing is not None:
        from runtime.hubchoice import choose

        combination = choose(combination, options, reporter)
    if combination.hub_name == "local":
        found = from_local_hub(combination, options.hub_root)
        return found if options.refresh else held(combination, found, reporter.notify)
    repository = home.repository_folder(combination.hub_name, combination.repo_id)
    fresh = options.refresh or options.verify
    if not fresh and (here := present(combination, repository, options)):
        return here
    from runtime.pulling import Job  # a launch of what is here does without
    from runtime.storage import cannot_store

    home.ensure_folder(repository)
    doing = f"downloading {combination.repo_id}"
    with folder_lock(repository / ".lock", doing=doing, limit=options.lock_limit,
                     notify=reporter.notify):
        try:
            job = Job(combination, options, reporter, repository)
            job.check_what_is_here()
            # Another launch may have finished the download while this one waited.
            if not options.refresh and (here := present(combination, repository, options)):
                return here
            return job.run()
        except OSError as error:
            raise cannot_store(f"files in {repository}", error) from None


def preview(combination: Combination, options: Options | None = None) -> Located | None:
    """What is already here in full, without asking the hub; None if something is missing."""
    options = options or Options()
    found = _preview(combination, options)
    draft = drafting.of(combination, found.hub) if found else None
    if found is None or draft is None:
        return found
    if found.hub == "local":
        return found.with_draft(_beside(draft, options))
    here = _preview(draft, replace(options, choosing=None))
    return found.with_draft(here) if here else None


def _preview(combination: Combination, options: Options) -> Located | None:
    if options.model_path is not None:
        return use_path(combination, options.model_path)
    if options.choosing is not None:
        from runtime.hubchoice import here

        return next((found for _, found in here(combination, options)), None)
    if combination.hub_name == "local":
        return from_local_hub(combination, options.hub_root)
    return present(combination,
                   home.repository_folder(combination.hub_name, combination.repo_id), options)
