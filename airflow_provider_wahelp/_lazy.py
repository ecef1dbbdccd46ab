"""Names that a package offers without importing what is not asked for (PEP 562)."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any


def lazy_exports(package: str, **names: str) -> tuple[Callable[[str], Any], list[str]]:
    """Return a package's ``__getattr__`` and ``__all__``: a DAG file pays for what it uses.

    :param package: the package's ``__name__``.
    :param names: by the module below the package, the names that it defines, with spaces between.
    """
    modules = {name: module for module, given in names.items() for name in given.split()}

    def __getattr__(name: str) -> Any:  # noqa: N807 - it is what the package's own will be
        if name not in modules:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(import_module(f"{package}.{modules[name]}"), name)

    return __getattr__, sorted(modules)
