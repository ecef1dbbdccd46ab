"""What operators and sensors share: one table of what their arguments must be, and the hook."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from airflow_provider_wahelp.client.base_error import InputError
from airflow_provider_wahelp.failures import airflow_errors
from airflow_provider_wahelp.literals import is_literal
from airflow_provider_wahelp.rendering import DataIsNoTemplate

if TYPE_CHECKING:
    from airflow_provider_wahelp.hooks.wahelp import WahelpHook

_NOT_GIVEN: tuple[Any, ...] = (None, "", [], ())


class Argument:
    """What an argument must be. A plain class: each DAG file waits until it is made.

    :param check: returns the value as it is used, or raises an ``InputError`` that names the argument.
    :param not_given: the values that mean ``None`` in a run. In a DAG file only ``None`` does.
    """

    def __init__(self, check: Callable[[Any], Any], not_given: Sequence[Any] = ()) -> None:
        self.check = check
        self.not_given = not_given

    def refuse_literal(self, name: str, value: Any) -> None:
        """Refuse what the DAG file shows to be wrong. Templates and XComs are left to the run."""
        if is_literal(value) or (value is None and not self.not_given):
            self._given(name, value)

    def value(self, name: str, value: Any) -> Any:
        """Return the value as it is used; ``None`` where it is not given."""
        return None if value in self.not_given else self._given(name, value)

    def _given(self, name: str, value: Any) -> Any:
        if value is None:
            raise InputError(name, "must be given, and is None: is it that of an upstream XCom?")
        return self.check(value)


def required(check: Callable[[Any], Any]) -> Argument:
    """Return what an argument must be that means something in every run."""
    return Argument(check)


def optional(check: Callable[[Any], Any], not_given: Sequence[Any] = _NOT_GIVEN) -> Argument:
    """Return what an argument must be that may be left out. A template leaves it out by ``''``."""
    return Argument(check, not_given)


def anything(value: Any) -> Any:
    """Return the value: what it must be is found out where it is used."""
    return value


class WahelpTask(DataIsNoTemplate):
    """What all operators and sensors share.

    An argument is one entry of ``checks``, one of the signature and one assignment. Airflow wants the
    assignment in the constructor: only there it sees that a template field is given.
    """

    ui_color = "#e3f6ec"
    wahelp_conn_id: str

    checks: ClassVar[dict[str, Argument]] = {"wahelp_conn_id": required(str)}
    """What each template field must be: its keys are the ``template_fields``."""

    @cached_property
    def hook(self) -> WahelpHook:
        """The hook of this task. It is imported when it is first used: a DAG file never needs it."""
        from airflow_provider_wahelp.hooks.wahelp import WahelpHook

        names_region = "default_region" in self.checks
        return WahelpHook(self.wahelp_conn_id, self._checked("default_region") if names_region else None)

    def _check_arguments(self) -> None:
        """Refuse what the DAG file shows to be wrong: the last step of each constructor."""
        with airflow_errors():  # the parse does not care, and a mapped task is made anew by each try
            for name, argument in self.checks.items():
                if name in vars(self):  # a subclass assigns the others later, and checks again
                    argument.refuse_literal(name, vars(self)[name])
            self._check_together()

    def _check_together(self) -> None:
        """Refuse arguments that contradict one another."""

    def _checked(self, name: str) -> Any:
        """Return an argument as it is used, after Airflow has rendered it."""
        with airflow_errors():
            return self.checks[name].value(name, getattr(self, name))
