"""What the system says where a download cannot be stored, worded for whoever asked for a model."""

from __future__ import annotations

import errno

from runtime.errors import UserError


def cannot_store(what: str, error: OSError) -> UserError:
    """The error for files that the system refuses to write.

    Args:
        what: The files, such as `model.gguf of o/tiny on Hugging Face`.
        error: What the system raised.
    """
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return UserError(f"the disk is full: there is no room for {what}", code="disk-full",
                         hint="free space, or set MODELBOOK_HOME to a folder on a larger disk; "
                              "finished files are kept")
    return UserError(f"cannot store {what}: {error.strerror or error}", code="cannot-store",
                     hint="set MODELBOOK_HOME to a folder that you can write to")
