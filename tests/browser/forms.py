"""Airflow's connection forms, used as a person does: the one of Airflow 3, and the one of Airflow 2."""

from __future__ import annotations

import re
from typing import Protocol

from playwright.sync_api import Locator, Page, expect

from demo.airflow_version import VERSION


class Form(Protocol):
    """What a person does with a form."""

    def add(self, conn_id: str, **fields: str) -> None:
        """Open the form for a new Wahelp connection, and fill in standard fields."""

    def edit(self, conn_id: str, **fields: str) -> None:
        """Open the form of a connection that was saved, and fill in standard fields."""

    def fill_in(self, **extra: str) -> None:
        """Fill in fields that are stored in extra."""

    def offered(self) -> dict[str, str]:
        """Return what stands in the fields that are stored in extra, in words."""

    def save(self) -> None:
        """Press the button, and wait until the connection is saved."""

    def test(self, conn_id: str, password: str) -> str:
        """Test a connection that was saved, and return what is said of it.

        Airflow 2 wants the password again.
        """


class Airflow3Form:
    """A dialog, in which the fields for extra are folded."""

    def __init__(self, page: Page, url: str) -> None:
        self._page = page
        self._url = url
        self._dialog = page.get_by_role("dialog")

    def add(self, conn_id: str, **fields: str) -> None:
        self._open()
        self._page.get_by_role("button", name="Add Connection").click()
        self._dialog.locator("input[name=connection_id]").fill(conn_id)
        self._choose(self._dialog.get_by_role("combobox").first, "Wahelp")
        self._fill_in_standard(fields)

    def edit(self, conn_id: str, **fields: str) -> None:
        self._open()
        self._row(conn_id).get_by_role("button", name="Edit Connection").click()
        self._fill_in_standard(fields)

    def fill_in(self, **extra: str) -> None:
        self._unfold()
        for name, value in extra.items():
            field = self._dialog.locator(f"[name=element_{name}]")
            if field.get_attribute("type") == "checkbox":
                self._switch(field, on=value == "true")
            elif field.get_attribute("type") == "hidden":
                self._choose(self._dialog.get_by_role("combobox").last, value)
            else:
                field.fill(value)
                field.blur()

    def offered(self) -> dict[str, str]:
        self._unfold()
        fields = self._dialog.locator("[name^=element_]").all()
        return {str(field.get_attribute("name")).removeprefix("element_"): _value(field) for field in fields}

    def save(self) -> None:
        self._dialog.get_by_role("button", name="Save").click()
        expect(self._dialog).to_be_hidden()

    def test(self, conn_id: str, password: str) -> str:
        self._open()
        self._row(conn_id).get_by_role("button", name="Test Connection").click()
        title = self._page.get_by_text(re.compile("^Test Connection (Success|Fail)"))
        return _words(title.locator(".."))

    def _open(self) -> None:
        self._page.goto(f"{self._url}/connections")

    def _row(self, conn_id: str) -> Locator:
        return self._page.get_by_role("row").filter(has=self._page.get_by_text(conn_id, exact=True))

    def _fill_in_standard(self, fields: dict[str, str]) -> None:
        for name, value in fields.items():
            self._dialog.locator(f"input[name={name}]").fill(value)

    def _choose(self, box: Locator, value: str) -> None:
        box.fill(value)
        self._page.get_by_role("option", name=value, exact=True).click()

    def _switch(self, box: Locator, *, on: bool) -> None:
        if box.is_checked() != on:
            box.locator("xpath=ancestor::label").click()

    def _unfold(self) -> None:
        section = self._dialog.get_by_role("button", name="Extra Fields", exact=True)
        if section.get_attribute("aria-expanded") != "true":
            section.click()
        expect(section).to_have_attribute("aria-expanded", "true")


class Airflow2Form:
    """A page, in which the fields for extra lie among the others."""

    def __init__(self, page: Page, url: str) -> None:
        self._page = page
        self._url = url

    def add(self, conn_id: str, **fields: str) -> None:
        self._page.goto(f"{self._url}/connection/add")
        self._page.locator("#conn_id").fill(conn_id)
        self._page.locator("#select2-conn_type-container").click()
        self._page.get_by_role("option", name="Wahelp", exact=True).click()
        self._fill_in_standard(fields)

    def edit(self, conn_id: str, **fields: str) -> None:
        self._page.goto(f"{self._url}/connection/list/")
        row = self._page.get_by_role("row").filter(has=self._page.get_by_text(conn_id, exact=True))
        row.locator("a[href*='/connection/edit/']").first.click()
        self._fill_in_standard(fields)

    def fill_in(self, **extra: str) -> None:
        for name, value in extra.items():
            self._page.locator(f"[name=extra__wahelp__{name}]").fill(value)

    def offered(self) -> dict[str, str]:
        fields = self._page.locator("[name^=extra__wahelp__]").all()
        return {str(field.get_attribute("name")).split("__", 2)[2]: _value(field) for field in fields}

    def save(self) -> None:
        self._page.get_by_role("button", name="Save").click()
        expect(self._page).not_to_have_url(re.compile("/connection/(add|edit)"))

    def test(self, conn_id: str, password: str) -> str:
        self.edit(conn_id, password=password)
        self._page.locator("#test-connection").click()
        return _words(self._page.locator(".alert:visible").filter(has_not_text="Warning:"))

    def _fill_in_standard(self, fields: dict[str, str]) -> None:
        for name, value in fields.items():
            self._page.locator(f"#{name}").fill(value)


def form_of(page: Page, url: str) -> Form:
    """Return the form of the Airflow that this runs beside."""
    return Airflow2Form(page, url) if VERSION < (3,) else Airflow3Form(page, url)


def _value(field: Locator) -> str:
    if field.get_attribute("type") == "checkbox":
        return str(field.is_checked()).lower()
    return field.input_value()


def _words(shown: Locator) -> str:
    shown.wait_for()
    return " ".join(shown.inner_text().split())
