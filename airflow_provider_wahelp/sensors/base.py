"""What all sensors share: looking once, and the three ways to wait until the next look."""

from __future__ import annotations

import warnings
from abc import abstractmethod
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from importlib import import_module
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import (
    AirflowSensorTimeout,
    AirflowSkipException,
    BaseSensorOperator,
    PokeReturnValue,
    conf,
)

from airflow_provider_wahelp.client import arguments
from airflow_provider_wahelp.client.base_error import WahelpError
from airflow_provider_wahelp.failures import airflow_errors
from airflow_provider_wahelp.literals import is_literal
from airflow_provider_wahelp.task import WahelpTask, optional

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_wahelp.client.waiting import Result

_NOT_LITERAL = (
    "Task {!r} cannot start in the triggerer: project_id, channel_uuid and all other arguments must be "
    "given, and without templates. It takes a first look in a worker, as without start_from_trigger."
)


class WahelpSensor(WahelpTask, BaseSensorOperator):
    """Waits for something in a channel.

    The sensor fails at once where waiting cannot help. A transient fault is logged, and it looks again.

    :param wahelp_conn_id: the id of an Airflow connection of type ``wahelp``.
    """

    trigger_class = ""
    checks = WahelpTask.checks | {
        "channel_uuid": optional(arguments.channel_uuid),
        "project_id": optional(arguments.project_id),
    }

    def __init__(
        self,
        *,
        channel_uuid: str | None = None,
        project_id: int | str | None = None,
        deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False),
        start_from_trigger: bool = False,
        wahelp_conn_id: str = "wahelp_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.channel_uuid = channel_uuid
        self.project_id = project_id
        self.deferrable = deferrable
        self.start_from_trigger = start_from_trigger
        self.wahelp_conn_id = wahelp_conn_id
        self._away = 0.0  # seconds to stay away, from Retry-After

    def poke(self, context: Context) -> PokeReturnValue:
        """Look once. If that is too early, a deferrable sensor leaves the rest to the triggerer."""
        result = self._look_patiently(context)
        if result is None and self.deferrable:
            # Here, and not in execute: so Airflow's soft_fail and the like hold for the first look too.
            self._defer()
        return PokeReturnValue(is_done=result is not None, xcom_value=result)

    def resume_execution(self, next_method: str, next_kwargs: dict[str, Any] | None, context: Context) -> Any:
        """Go on after the triggerer has waited. Airflow calls it."""
        try:
            return super().resume_execution(next_method, next_kwargs, context)
        except AirflowSensorTimeout as timeout:
            if self.soft_fail:  # Airflow 3.0 forgets it here
                raise AirflowSkipException(str(timeout)) from timeout
            raise

    def execute_complete(self, context: Context, event: Mapping[str, Any]) -> Result:
        """Return what the triggerer has found.

        :param event: the trigger's: ``{"result": ...}`` or ``{"error": ...}``.
        """
        if "error" in event:
            from airflow_provider_wahelp.client.errors import error_from_dict

            with airflow_errors():
                raise error_from_dict(event["error"])
        return dict(event["result"])

    @abstractmethod
    def _look(self, context: Context) -> Result | None:
        """Return what was waited for, or ``None``."""

    def _look_patiently(self, context: Context) -> Result | None:
        from airflow_provider_wahelp.client.waiting import is_transient, retry_delay

        self._away = 0.0
        try:
            return self._look(context)
        except WahelpError as error:
            if not is_transient(error):
                raise
            self._away = retry_delay(error)
            self.log.warning("%s Looking again in %g s.", error, max(self.poke_interval, self._away))
            return None

    def _get_next_poke_interval(
        self, started_at: datetime | float, run_duration: Callable[[], float], poke_count: int
    ) -> float:
        """Wait at least as long as ``Retry-After`` says, but not beyond the timeout, in both sensor modes."""
        interval = super()._get_next_poke_interval(started_at, run_duration, poke_count)
        return max(interval, min(self._away, self.timeout - run_duration()))

    def _defer(self) -> None:
        module, _, name = self.trigger_class.rpartition(".")
        trigger = getattr(import_module(module), name)
        project, channel = self.hook.project_and_channel(self.channel_uuid, self.project_id)
        self.defer(
            trigger=trigger(**self._trigger_arguments() | {"project_id": project, "channel_uuid": channel}),
            method_name="execute_complete",
            timeout=timedelta(seconds=self.timeout),
        )

    def _prepare_start(self) -> None:
        """Let the scheduler start the trigger, where all of its arguments are known by now."""
        self._check_arguments()
        wanted = self.deferrable and self.start_from_trigger
        self.start_from_trigger = wanted and all(is_literal(getattr(self, name)) for name in self.checks)
        if self.start_from_trigger:
            from airflow.triggers.base import StartTriggerArgs

            self.start_trigger_args = StartTriggerArgs(
                trigger_cls=self.trigger_class,
                trigger_kwargs=self._trigger_arguments(),
                next_method="execute_complete",
                next_kwargs=None,
                timeout=timedelta(seconds=self.timeout),
            )
        elif wanted:
            warnings.warn(_NOT_LITERAL.format(self.task_id), UserWarning, stacklevel=4)

    def _trigger_arguments(self) -> dict[str, Any]:
        """Return what the trigger is made from: it has the sensor's arguments, under the same names."""
        return {name: self._checked(name) for name in self.checks} | {"poke_interval": self.poke_interval}
