"""What a container's control group leaves of a machine's memory."""

from pathlib import Path

import pytest

from runtime.cgroup import Allowance, allowance
from runtime.machine import main_memory

GIB = 1 << 30
V1 = "36 31 0:32 {shown} /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n"
V2 = "29 23 0:26 {shown} /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n"
V2_HYBRID = "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n"
OTHERS = ("23 1 254:1 / / rw - ext4 /dev/root rw\n"
          "35 31 0:31 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n")


@pytest.fixture
def system(tmp_path):
    """A root folder with a process in a group, as the kernel shows it."""
    def make(ours: str, mounts: str, files: dict[str, str]) -> Path:
        written = {"proc/self/cgroup": ours, "proc/self/mountinfo": OTHERS + mounts}
        written |= {f"sys/fs/cgroup/{name}": text for name, text in files.items()}
        for name, text in written.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return tmp_path
    return make


def group(folder: str, limit: object, usage: int = 0, cached: int = 0) -> dict[str, str]:
    """The files of a group of version 2."""
    return {f"{folder}memory.max": f"{limit}\n", f"{folder}memory.current": f"{usage}\n",
            f"{folder}memory.stat": f"anon 1\ninactive_file {cached}\nactive_file 5\n"}


def old_group(folder: str, limit: int, usage: int = 0, cached: int = 0) -> dict[str, str]:
    """The files of a group of version 1."""
    return {f"memory/{folder}memory.limit_in_bytes": f"{limit}\n",
            f"memory/{folder}memory.usage_in_bytes": f"{usage}\n",
            f"memory/{folder}memory.stat": f"cache 1\ntotal_inactive_file {cached}\n"}


def test_a_container_of_version_2(system):
    root = system("0::/\n", V2.format(shown="/"), group("", 8 * GIB, 3 * GIB, GIB))
    assert allowance(root) == Allowance(8 * GIB, 6 * GIB)


def test_a_container_of_version_1_is_told_from_the_top_and_shown_a_part(system):
    root = system("4:memory:/docker/abc\n0::/\n", V1.format(shown="/docker/abc") + V2_HYBRID,
                  old_group("", 4 * GIB, GIB))
    assert allowance(root) == Allowance(4 * GIB, 3 * GIB)


def test_a_group_above_ours_may_be_tighter(system):
    files = {**group("", "max"), **group("a b/", 6 * GIB, 5 * GIB), **group("a b/c/", 9 * GIB)}
    assert allowance(system("0::/a b/c\n", V2.format(shown="/"), files)) == Allowance(6 * GIB, GIB)


def test_the_group_of_a_service_of_version_1(system):
    files = {**old_group("", 9223372036854771712), **old_group("job/", 2 * GIB, 3 * GIB)}
    assert allowance(system("9:name=systemd:/\n4:memory:/job\n", V1.format(shown="/"), files)) == (
        Allowance(2 * GIB, 0))


@pytest.mark.parametrize(("ours", "mounts", "files"), [
    ("0::/\n", V2.format(shown="/"), group("", "max")),
    ("4:memory:/\n", V1.format(shown="/"), old_group("", 9223372036854771712)),
    ("0::/\n", V2.format(shown="/"), {}),  # the top group has no such files
    ("0::/../../x\n", V2.format(shown="/"), group("x/", "max")),
    ("", "", {}),
    ("nonsense\n", "nonsense\n- -\n", {}),
])
def test_where_nothing_limits_it(system, ours, mounts, files):
    assert allowance(system(ours, mounts, files)) is None


def test_the_limit_counts_for_the_machine(system):
    root = system("0::/\n", V2.format(shown="/"), group("", 64 << 20, 10 << 20))
    found = main_memory(root)
    assert (found.total, found.available, found.limited) == (64 << 20, 54 << 20, True)


def test_a_limit_above_what_the_machine_has_does_not(system):
    root = system("0::/\n", V2.format(shown="/"), group("", 1 << 50))
    found = main_memory(root)
    assert not found.limited
    assert found.available <= found.total < 1 << 50
