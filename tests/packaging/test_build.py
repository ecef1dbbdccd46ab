"""Wheel and sdist: the same bytes from the same files, and in them what should be and no more."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterable
from pathlib import Path

import pytest

from airflow_provider_wahelp import __version__

from .conftest import ROOT, Built, build

PACKAGE = "airflow_provider_wahelp"
INFO = f"{PACKAGE}-{__version__}.dist-info"
NOT_FOR_USERS = {".ci", "findings"}
LONG_AGO = 1_000_000_000


def in_repository() -> set[str]:
    """Return the files that git knows, or would if they were added."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\n")
    return {name for name in listed if (ROOT / name).is_file()}


def below(names: Iterable[str], *folders: str) -> set[str]:
    return {name for name in names if name.partition("/")[0] in folders}


def files(sdist: Path) -> set[str]:
    with tarfile.open(sdist) as archive:
        return {name.partition("/")[2] for name in archive.getnames()}


@pytest.fixture(scope="module")
def repository() -> set[str]:
    if not (ROOT / ".git").exists():
        pytest.skip("this is no repository, but a source distribution")
    return in_repository()


def test_the_wheel_holds_the_package_and_nothing_else(built: Built, repository: set[str]) -> None:
    names = set(zipfile.ZipFile(built.wheel).namelist())
    described = {f"{INFO}/{name}" for name in ("METADATA", "WHEEL", "RECORD", "entry_points.txt")}
    assert names == below(repository, PACKAGE) | described | {f"{INFO}/licenses/LICENSE"}
    assert {f"{PACKAGE}/py.typed", f"{PACKAGE}/sandbox/web/page.html"} <= names


def test_the_sdist_holds_the_repository(built: Built, repository: set[str]) -> None:
    assert files(built.sdist) == repository - below(repository, *NOT_FOR_USERS) | {"PKG-INFO"}


def test_another_time_place_and_umask_make_the_same_bytes(built: Built, tmp_path: Path) -> None:
    """From the sdist, which so turns out to be whole."""
    with tarfile.open(built.sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    [source] = tmp_path.iterdir()
    for path in source.rglob("*"):
        os.utime(path, (LONG_AGO, LONG_AGO))
    again = build(source, tmp_path / "dist", umask=0o077)
    for one, other in zip(built, again, strict=True):
        assert one.name == other.name
        assert one.read_bytes() == other.read_bytes()


def test_the_index_would_take_them(built: Built) -> None:
    command = [sys.executable, "-m", "twine", "check", "--strict", *map(str, built)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    assert done.stdout.count("PASSED") == 2


def test_no_path_and_no_secret_of_the_builder_is_in_them(built: Built) -> None:
    with zipfile.ZipFile(built.wheel) as wheel:
        assert not [name for name in wheel.namelist() if str(ROOT).encode() in wheel.read(name)]
