from __future__ import annotations

import os
from pathlib import Path

import pytest

from synthnb.models.cores import _idle, _share, allowed_cores, free_cores

MACHINE = os.cpu_count() or 1


def group(folder: Path, **files: str) -> Path:
    for name, content in files.items():
        path = folder / name.replace("__", "/").replace("cpu_max", "cpu.max").replace("cfs", "cpu.cfs")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return folder


@pytest.mark.parametrize(("content", "cores"), [("150000 100000\n", 1), ("400000 100000", 4), ("5000 100000", 1)])
def test_a_quota_of_version_2_counts_in_whole_cores(tmp_path: Path, content: str, cores: int) -> None:
    assert _share(group(tmp_path, cpu_max=content)) == cores


def test_a_quota_of_version_1_counts_too(tmp_path: Path) -> None:
    assert _share(group(tmp_path, cpu__cfs_quota_us="300000\n", cpu__cfs_period_us="100000\n")) == 3


@pytest.mark.parametrize("content", ["max 100000\n", "-1 100000", "", "nonsense here", "100 0"])
def test_no_quota_or_none_that_can_be_read_leaves_the_machine(tmp_path: Path, content: str) -> None:
    assert _share(group(tmp_path, cpu_max=content)) == MACHINE


def test_no_file_leaves_the_machine(tmp_path: Path) -> None:
    assert _share(tmp_path) == MACHINE


def test_what_is_free_is_at_most_what_is_allowed() -> None:
    assert 1 <= free_cores(0.01) <= allowed_cores() <= MACHINE


BEFORE = """cpu  100 0 0 100 0 0 0 0 0 0
cpu0 50 0 0 50 0 0 0 0 0 0
cpu1 50 0 0 50 0 0 0 0 0 0
cpu2 7 0 0 7 0 0 0 0 0 0
intr 1 2 3
"""


@pytest.mark.parametrize(
    ("core_0", "core_1", "cores", "idle"),
    [
        ("60 0 0 50 0", "60 0 0 50 0", [0, 1], 0.0),
        ("50 0 0 60 0", "60 0 0 50 0", [0, 1], 1.0),
        ("50 0 0 55 5", "55 0 0 55 0", [0, 1], 1.5),
        ("50 0 0 60 0", "50 0 0 60 0", [1], 1.0),
        ("50 0 0 50 0", "50 0 0 50 0", [0, 1, 9], 0.0),
    ],
)
def test_a_core_is_idle_by_its_share_of_the_ticks(core_0: str, core_1: str, cores: list[int], idle: float) -> None:
    after = f"cpu  1 1 1 1 1 0 0 0 0 0\ncpu0 {core_0} 0 0 0 0 0\ncpu1 {core_1} 0 0 0 0 0\n"
    assert _idle(BEFORE, after, cores) == pytest.approx(idle)


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system has no affinity")
def test_affinity_is_a_bound() -> None:
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        assert allowed_cores() == free_cores() == 1
    finally:
        os.sched_setaffinity(0, before)
