"""What of an argument is a template, and what becomes of it: data is no program, a text stays as it is."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, MutableMapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, cast

from airflow.providers.common.compat.sdk import XComNotFound

from airflow_provider_wahelp.client.base_error import InputError
from airflow_provider_wahelp.failures import airflow_errors

if TYPE_CHECKING:
    import jinja2
    from airflow.providers.common.compat.sdk import Context
    from airflow.sdk.definitions._internal.templater import Templater
else:
    Templater = object

_TEXTS = frozenset(
    {
        "caption",
        "channel_uuid",
        "default",
        "default_region",
        "file_column",
        "file_name",
        "file_url",
        "group_by",
        "idempotency_key",
        "key",
        "language",
        "message_id",
        "method",
        "name",
        "output_path",
        "path",
        "phone",
        "project_id",
        "question",
        "receiver",
        "reminder_text",
        "sql",
        "suppress_sql",
        "text",
        "unclear_text",
        "url",
        "user_id",
        "voice_text",
    }
)
"""What is a text, whatever an expression in it is."""

_PUT_NONE = (
    "its template puts None into it: is an upstream XCom, a Variable or a param missing? "
    "Where nothing is meant, write {{ ... or '' }}"
)
_IS_NONE = "the upstream XCom is None, or missing: has that task returned anything?"
_IS_DATA = (
    'is a template for rows, and an XCom is data: put its text into the rows, and text="{{ row.text }}"'
)


class _NothingError(Exception):
    """A template puts ``None`` into an argument."""


class KeepsTexts(Templater):
    """Renders a template without a guess at what its words might be in Python.

    Where a DAG renders natively, Airflow takes ``10.50`` for 10.5, ``1_000`` for 1000 and ``+71234567890``
    for a number. Here an expression that stands alone keeps its object, and words stay words.
    """

    def render_template(
        self,
        content: Any,
        context: Context,
        jinja_env: jinja2.Environment | None = None,
        seen_oids: set[int] | None = None,
    ) -> Any:
        """Render a template. Airflow calls it, also for each entry of a list.

        :param content: the template, or what may hold some.
        :param seen_oids: the ids of what is no template.
        """
        if not isinstance(content, str) or id(content) in (seen_oids or ()):
            return super().render_template(content, context, jinja_env, seen_oids)
        environment = jinja_env or self.get_template_env()
        is_file = content.endswith(tuple(self.template_ext))
        template = environment.get_template(content) if is_file else environment.from_string(content)
        return _rendered(template, context)

    def render_argument(
        self,
        name: str,
        context: Context,
        environment: jinja2.Environment,
        data: set[int] | None = None,
    ) -> Any:
        """Return what an argument comes to.

        :param data: the ids of what is no template.
        """
        given = getattr(self, name)
        if callable(given):
            return given(context=context, jinja_env=environment)
        value = self.render_template(given, context, environment, data)
        if not isinstance(given, str):
            return value
        return str(value) if name in _TEXTS else _unspelt(value, environment)


class DataIsNoTemplate(KeepsTexts):
    """What all operators and sensors share: a template is what the author wrote, and nothing else.

    Airflow renders what is inside an XCom that came by ``expand_kwargs`` (by ``expand`` it does not): there a
    contact could call themselves ``{{ conn.wahelp_default.password }}``.
    """

    row_templates: ClassVar[Sequence[str]] = ()
    """Arguments that are templates, though Airflow does not render them: they cannot be data."""

    def _do_render_template_fields(
        self,
        parent: Any,
        template_fields: Iterable[str],
        context: Context,
        jinja_env: jinja2.Environment,
        seen_oids: set[int],
    ) -> None:
        """Render all arguments. Airflow calls it, with the ids of what ``expand`` has taken from an XCom."""
        if parent is not self:
            super()._do_render_template_fields(parent, template_fields, context, jinja_env, seen_oids)
            return
        data = seen_oids | _taken_from_xcom(self, context)
        environment = _refusing_none(jinja_env)
        with airflow_errors():
            for name in self.row_templates:
                if id(getattr(self, name)) in data:
                    raise InputError(name, _IS_DATA)
            for name in template_fields:
                setattr(self, name, self._render_given(name, context, environment, data))

    def _render_given(
        self, name: str, context: Context, environment: jinja2.Environment, data: set[int]
    ) -> Any:
        """Return what an argument comes to; what was given must not come to nothing."""
        try:
            value = self.render_argument(name, context, environment, data)
        except _NothingError:
            raise InputError(name, _PUT_NONE) from None
        except XComNotFound:
            raise InputError(name, _IS_NONE) from None
        except Exception as error:
            error.add_note(f"This is about the argument {name!r}.")
            raise
        if value is None and getattr(self, name) is not None:
            raise InputError(name, _IS_NONE)
        return value


def names_around(context: Mapping[str, Any], environment: jinja2.Environment) -> MutableMapping[str, Any]:
    """Return what a template may name: the context, and what the environment has beside it."""
    # Airflow 2's context is lazy: it is handed over as it is, and not copied into a dict.
    names = cast("MutableMapping[str, Any]", copy.copy(context))
    for name, value in environment.globals.items():
        if name not in names:
            names[name] = value
    return names


def _rendered(template: jinja2.Template, context: Context) -> Any:
    names = cast("dict[str, Any]", names_around(context, template.environment))
    parts = list(template.root_render_func(template.new_context(names, shared=True)))
    return parts[0] if len(parts) == 1 else "".join(map(str, parts))


def _unspelt(value: Any, environment: jinja2.Environment) -> Any:
    """Return the list, or the like, that a text spells, where the DAG renders natively."""
    from jinja2.nativetypes import NativeEnvironment, native_concat

    if not isinstance(value, str) or not isinstance(environment, NativeEnvironment):
        return value
    native = native_concat([value])
    return native if isinstance(native, list | tuple | dict | set) else value


def _refusing_none(environment: jinja2.Environment) -> jinja2.Environment:
    """Return an environment that puts no word for nothing, unless the author has said what to put."""
    return environment if environment.finalize else environment.overlay(finalize=_something)


def _something(value: Any) -> Any:
    from jinja2 import Undefined

    if value is None:
        raise _NothingError
    return str(value) if isinstance(value, Undefined) else value  # raises, where undefined is an error


def _taken_from_xcom(task: Any, context: Context) -> set[int]:
    """Return the ids of the arguments that ``expand_kwargs`` has taken from an XCom."""
    dag = task.get_dag()
    mapped: Any = dag.task_dict.get(task.task_id) if dag else None
    expansion = getattr(mapped, "expand_input", None)
    if expansion is None or isinstance(expansion.value, Mapping):  # not mapped, or by expand
        return set()
    entry = expansion.value
    if isinstance(entry, Sequence):
        entry = entry[cast("int", context["ti"].map_index)]
    if isinstance(entry, Mapping):  # the author wrote it
        return set()
    authored = (mapped.partial_kwargs, dag.default_args, getattr(mapped.task_group, "default_args", {}))
    return set(map(id, vars(task).values())) - {id(value) for args in authored for value in args.values()}
