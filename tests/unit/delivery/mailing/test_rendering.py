"""The recipient of a row, whatever a table has in its cells."""

from __future__ import annotations

from typing import Any

import pytest
from jinja2 import Environment

from airflow_provider_wahelp.delivery.mailing.rendering import Renderer


class Ambiguous:
    """Neither equal to anything nor not, as pandas' NA and an array are."""

    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, other: object) -> Any:
        return self

    def __bool__(self) -> bool:
        raise TypeError("ambiguous")


@pytest.mark.parametrize("phone", [None, "", float("nan"), Ambiguous()])
def test_a_user_is_written_to_whatever_stands_for_a_phone_beside(phone: Any) -> None:
    person = Renderer(Environment(autoescape=True), ["Hi"], {}).render(1, {"user_id": 301, "phone": phone})
    assert (person.user_id, person.phone) == (301, "")
