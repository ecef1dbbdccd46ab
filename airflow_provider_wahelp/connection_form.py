"""The fields of a ``wahelp`` connection, declared once for every Airflow.

Airflow 3.2 and later read them from the provider's metadata, earlier ones from methods of the hook. This
module is imported by both and by nothing heavy.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

CONN_TYPE = "wahelp"
HOOK_NAME = "Wahelp"
LOGIN_SCOPES = ("host", "process")

_KEPT = "RATHER_LONG_SENSITIVE_FIELD_PLACEHOLDER"
MASKS = ("***", _KEPT)
"""What stands for a secret in the forms of Airflow 3 and 2: saved, it means what was there before."""


@dataclass(frozen=True)
class FormField:
    """A field of the form that is stored in the connection's extra.

    :param name: its key. Airflow masks a value by its name, a default that a form is offered included: only
        what is secret may have ``token`` or the like in it.
    :param label: what stands before it.
    :param description: what stands below it.
    :param kind: its JSON type.
    :param secret: whether it is shown as dots.
    :param choices: the values that it may have.
    :param default: what it is when left out.
    :param minimum: the least number allowed.
    """

    name: str
    label: str
    description: str
    kind: str = "string"
    secret: bool = False
    choices: tuple[str, ...] = ()
    default: Any = None
    minimum: int | None = None

    @property
    def may_be_falsy(self) -> bool:
        """Whether Python may take one of its values for nothing."""
        return self.kind == "boolean" or self.minimum == 0


FIELDS = (
    FormField(
        "access_token",
        "Access token",
        "A ready-made token in place of login and password. It cannot be renewed without them.",
        secret=True,
    ),
    FormField(
        "project_id",
        "Default project id",
        "The project that tasks mean when they name none.",
        kind="integer",
        minimum=1,
    ),
    FormField("channel_uuid", "Default channel uuid", "The channel that tasks mean when they name none."),
    FormField(
        "default_region",
        "Default region",
        "The country of phones without a country code, e.g. RU: then 9161234567 is +79161234567.",
    ),
    FormField(
        "language",
        "Language",
        "en or ru: of alerts, and of what is said beside a question. Empty: what [wahelp] language says.",
    ),
    FormField("timeout", "Timeout", "Seconds to wait for an answer.", kind="number", default=30, minimum=1),
    FormField(
        "send_timeout",
        "Send timeout",
        "Seconds that a send may take: as long, a message without an answer may still arrive.",
        kind="number",
        default=75,
        minimum=1,
    ),
    FormField(
        "retries",
        "Retries",
        "How often a call is repeated, where that is safe, before the task sees the error.",
        kind="integer",
        default=4,
        minimum=0,
    ),
    FormField(
        "verify", "Verify TLS", "Whether the server's certificate is checked.", kind="boolean", default=True
    ),
    FormField("ca_bundle", "CA bundle", "The path of a file of certificates to check the server's with."),
    FormField(
        "login_scope",
        "Login scope",
        "host: the tasks of a host share one login. process: every task logs in for itself.",
        choices=LOGIN_SCOPES,
        default="host",
    ),
    FormField(
        "webhook_token",
        "Webhook token",
        "Switches the receiver of webhooks on: the secret in its address, 24 characters or more.",
        secret=True,
    ),
)

# The port is shown: Airflow 3.3.2 tests no saved connection that has none.
HIDDEN_FIELDS = ["schema"]
RELABELING = {"login": "Login", "password": "Password"}
PLACEHOLDERS = {
    "host": "https://wahelp.ru",
    "port": "0 for none: Airflow 3.3.2 cannot Test an empty one",
    "login": "the login of the Wahelp account",
}


def conn_fields() -> dict[str, dict[str, Any]]:
    """Return the fields as the metadata's ``conn-fields``."""
    return {field.name: _conn_field(field) for field in FIELDS}


def ui_field_behaviour() -> dict[str, Any]:
    """Return what the form does with the standard fields, as the hook's method has it."""
    return {"hidden_fields": HIDDEN_FIELDS, "relabeling": RELABELING, "placeholders": PLACEHOLDERS}


def form_widgets() -> dict[str, Any]:
    """Return the fields as WTForms fields; Airflow imports the form libraries only where it shows a form.

    Airflow 2 shows a stored false or 0 as the field's default, and stores that with whatever else is changed.
    What may be one has no field there: it stays as it is in Extra.
    """
    from airflow.providers.common.compat.version_compat import AIRFLOW_V_3_0_PLUS
    from flask_appbuilder.fieldwidgets import BS3PasswordFieldWidget, BS3TextFieldWidget
    from flask_babel import lazy_gettext
    from wtforms import BooleanField, IntegerField, PasswordField, StringField
    from wtforms.validators import Optional, any_of

    classes = {"integer": IntegerField, "boolean": BooleanField}
    widgets = {}
    for field in FIELDS:
        if field.may_be_falsy and not AIRFLOW_V_3_0_PLUS:
            continue
        options: dict[str, Any] = {"description": field.description, "default": field.default}
        if field.kind != "boolean":
            options["widget"] = _kept(BS3PasswordFieldWidget) if field.secret else BS3TextFieldWidget()
            options["validators"] = [Optional(), *([any_of(list(field.choices))] if field.choices else [])]
        field_class = PasswordField if field.secret else classes.get(field.kind, StringField)
        widgets[field.name] = field_class(lazy_gettext(field.label), **options)
    return widgets


def _kept(widget: type[Any]) -> Any:
    """Return a widget for a secret that Airflow 2 does not forget when anything else in the form is changed.

    It deletes from extra what is empty in the form, and a field for a password is.

    :param widget: Flask-AppBuilder's, or what Airflow 3 puts in its place.
    """

    class Kept(widget):  # type: ignore[misc] # it is known only where there is a form
        def __call__(self, field: Any, **kwargs: Any) -> Any:
            self.hide_value = False
            return super().__call__(field, **{**kwargs, "value": _KEPT if field.data else ""})

    return Kept()


def _conn_field(field: FormField) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": [field.kind, "null"]}
    if field.secret:
        schema["format"] = "password"
    if field.choices:
        schema["enum"] = list(field.choices)
    if field.default is not None:
        schema["default"] = field.default
    if field.minimum is not None:
        schema["minimum"] = field.minimum
    return {"label": field.label, "description": field.description, "schema": schema}
