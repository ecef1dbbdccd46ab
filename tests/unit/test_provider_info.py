"""The metadata, against Airflow's own schema and through Airflow's own eyes."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
import tomllib
from importlib.metadata import entry_points
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from airflow.providers_manager import ProvidersManager

from airflow_provider_wahelp import connection_form, notifications
from airflow_provider_wahelp.connection_form import FormField
from airflow_provider_wahelp.get_provider_info import get_provider_info
from airflow_provider_wahelp.hooks import WahelpHook
from airflow_provider_wahelp.hooks.extra import read_extra
from demo.airflow_version import VERSION

INFO = get_provider_info()

_MASKERS = (
    "airflow._shared.secrets_masker",
    "airflow.sdk._shared.secrets_masker",
    "airflow.sdk.execution_time.secrets_masker",  # Airflow 3.0
    "airflow.utils.log.secrets_masker",  # Airflow 2
)

_OFFERED = """
import json
from airflow.api_fastapi.core_api.services.ui.connections import HookMetaService
forms = {form.connection_type: form for form in HookMetaService.hook_meta_data()}
print(json.dumps(forms["wahelp"].extra_fields))
"""

SHOWN = [
    field.name
    for field in connection_form.FIELDS
    if VERSION >= (3, 0) or field.name not in ("retries", "verify")
]
"""The fields that this Airflow shows."""


def schema(name: str) -> Any:
    return json.loads(files("airflow").joinpath(name).read_text())


def _is_there(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # of what it lies in
        return False


def test_the_metadata_obeys_airflows_schema() -> None:
    jsonschema.validate(INFO, schema("provider_info.schema.json"))


def test_the_form_obeys_airflows_schema_for_forms() -> None:
    jsonschema.validate(
        connection_form.ui_field_behaviour(), schema("customized_form_field_behaviours.schema.json")
    )


def test_the_form_obeys_the_schema_of_declared_forms() -> None:
    properties = schema("provider.yaml.schema.json")["properties"]
    form = properties["connection-types"]["items"]["properties"]
    if "conn-fields" not in form:
        assert "conn-fields" in INFO["connection-types"][0]  # older Airflow ignores what it does not know
        return
    (declared,) = INFO["connection-types"]
    jsonschema.validate(declared["conn-fields"], form["conn-fields"])
    jsonschema.validate(declared["ui-field-behaviour"], form["ui-field-behaviour"])


def test_the_package_name_is_the_distributions() -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    (entry,) = entry_points(group="apache_airflow_provider", name="provider_info").select(
        module="airflow_provider_wahelp.get_provider_info"
    )
    assert INFO["package-name"] == project["name"] == entry.dist.name  # type: ignore[union-attr]


@pytest.mark.parametrize("kind", ["hooks", "operators", "sensors", "triggers"])
def test_every_module_that_is_named_exists_and_every_module_is_named(kind: str) -> None:
    (entry,) = INFO[kind]
    for module in entry["python-modules"]:
        importlib.import_module(module)
    package = importlib.import_module(f"airflow_provider_wahelp.{kind}")
    public = {getattr(package, name).__module__ for name in package.__all__}
    assert public == set(entry["python-modules"])


def test_the_notifier_is_named() -> None:
    named = {path.rpartition(".") for path in INFO["notifications"]}
    for module, _, name in named:
        assert getattr(importlib.import_module(module), name) is notifications.WahelpNotifier
    assert set(ProvidersManager().notification) >= set(INFO["notifications"])


def test_airflow_knows_the_link() -> None:
    assert set(INFO["extra-links"]) <= set(ProvidersManager().extra_links_class_names)


def test_airflow_offers_the_connection_type() -> None:
    hook = ProvidersManager().hooks["wahelp"]
    assert hook is not None
    assert (hook.hook_name, hook.connection_id_attribute_name) == ("Wahelp", "wahelp_conn_id")
    assert hook.connection_testable


def test_airflow_shows_every_field_of_the_form() -> None:
    if (3, 0) <= VERSION < (3, 2):
        pytest.importorskip(
            "flask_appbuilder",
            reason="without the FAB provider, Airflow 3.1 shows it in its UI alone, and 3.0 nowhere",
        )
    manager = ProvidersManager()
    shown = set(manager.connection_form_widgets)
    assert {name for name in shown if name.startswith("extra__wahelp__")} == {
        f"extra__wahelp__{name}" for name in SHOWN
    }
    assert manager.field_behaviours["wahelp"]["hidden_fields"] == ["schema"]
    assert manager.field_behaviours["wahelp"]["placeholders"]["host"] == "https://wahelp.ru"


def test_the_forms_secret_is_hidden_and_its_choices_are_offered() -> None:
    fields = connection_form.conn_fields()
    assert fields["access_token"]["schema"]["format"] == "password"
    assert fields["login_scope"]["schema"]["enum"] == ["host", "process"]
    assert fields["retries"]["schema"] == {"type": ["integer", "null"], "default": 4, "minimum": 0}


@pytest.mark.parametrize("field", connection_form.FIELDS, ids=lambda field: field.name)
def test_airflow_takes_for_a_secret_what_is_one_and_nothing_else(field: FormField) -> None:
    """It hides a value by its name, a default that the form is offered included; and the form saves that."""
    maskers = [importlib.import_module(name) for name in _MASKERS if _is_there(name)]
    assert maskers
    for masker in maskers:
        assert masker.should_hide_value_for_key(field.name) is field.secret


@pytest.mark.skipif(VERSION < (3, 0), reason="Airflow 2 makes the form itself")
def test_what_the_form_is_offered_reads_as_the_defaults() -> None:
    """In a process of its own: Airflow 3.0 and 3.1 leave mocks behind in place of the FAB provider."""
    done = subprocess.run([sys.executable, "-c", _OFFERED], capture_output=True, text=True, check=True)
    fields = json.loads(done.stdout.splitlines()[-1])
    if fields is None:
        pytest.skip("Airflow 3.0 shows it with the FAB provider alone")
    offered = {name: field["value"] for name, field in fields.items()}
    assert "***" not in offered.values()
    assert offered == {field.name: field.default for field in connection_form.FIELDS}
    assert read_extra(offered, "wahelp_default") == offered


def test_the_hooks_form_is_the_same_form() -> None:
    pytest.importorskip("flask_appbuilder", reason="Airflow 3 shows the declared form")
    assert list(WahelpHook.get_connection_form_widgets()) == SHOWN


@pytest.mark.skipif(VERSION >= (3, 0), reason="Airflow 2 alone has this form")
@pytest.mark.parametrize("stored", [{"verify": False, "retries": 0}, {"verify": "false", "retries": "0"}, {}])
def test_saving_airflow_2s_form_changes_nothing_that_was_stored(stored: dict[str, Any]) -> None:
    """Airflow 2 fills a field only with what is true, and then stores what all fields have."""
    flask = pytest.importorskip("flask")
    views = importlib.import_module("airflow.www.views")
    forms = importlib.import_module("airflow.www.forms")
    app = flask.Flask("webserver")
    app.secret_key = "not one"
    with app.test_request_context():
        form = forms.create_connection_form_class()()
        form.conn_id.data, form.conn_type.data = "wahelp_default", "wahelp"
        form.extra.data = json.dumps({"timeout": 5, **stored})
        view = views.ConnectionModelView.__new__(views.ConnectionModelView)
        view.prefill_form(form, 1)
        view.process_form(form, False)
        saved = json.loads(form.extra.data)
    assert saved["timeout"] == 5
    assert {name: saved.get(name) for name in ("verify", "retries")} == {
        name: stored.get(name) for name in ("verify", "retries")
    }
