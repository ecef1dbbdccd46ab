"""Names that a package offers without importing what is not asked for (PEP 562)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any


def lazy_exports(package: str, modules: Mapping[str, str]) -> Callable[[str], Any]:
    """Return a package's ``__getattr__``: DAG files are parsed every few seconds and pay for what they use.

    :param package: the package's ``__name__``.
    :param modules: the module below the package that defines each name.
    """

    def __getattr__(name: str) -> Any:  # noqa: N807 - it is what the package's own will be
        if name not in modules:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(import_module(f"{package}.{modules[name]}"), name)

    return __getattr__
