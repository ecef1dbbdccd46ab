"""Projects."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_wahelp.client import arguments
from airflow_provider_wahelp.operators.base import WahelpOperator
from airflow_provider_wahelp.task import required

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context


class CreateProjectOperator(WahelpOperator):
    """Create a project, or take the one of the same name.

    :param name: the project's name.
    :param if_exists: with one of the same name: ``reuse`` it, ``create`` another, or ``fail``.
    :return: the project: ``id``, ``name`` and all else that the API tells.
    """

    checks = WahelpOperator.checks | {
        "name": required(arguments.name),
        "if_exists": required(arguments.if_exists),
    }
    template_fields: Sequence[str] = tuple(checks)

    def __init__(self, *, name: str, if_exists: arguments.IfExists = "reuse", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.name = name
        self.if_exists = if_exists
        self._check_arguments()

    def execute(self, context: Context) -> dict[str, Any]:
        """Create the project."""
        project = self.hook.create_project(self.name, self.if_exists)
        self.log.info("Project %s (%s)", project.id, project.name)
        return self._result(context, project.to_dict())
