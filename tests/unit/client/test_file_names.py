"""What a fetched file is called."""

from __future__ import annotations

import pytest

from airflow_provider_wahelp.client.file_names import name_of

PDF, SHEET = "application/pdf", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@pytest.mark.parametrize(
    ("disposition", "url", "content_type", "name"),
    [
        ('attachment; filename="bill.pdf"', "https://x.example/1", PDF, "bill.pdf"),
        ("attachment; filename=bill.pdf", "https://x.example/1", PDF, "bill.pdf"),
        ("attachment; filename*=UTF-8''%D0%A1%D1%87%D1%91%D1%82.pdf", "https://x.example/1", PDF, "Счёт.pdf"),
        (f'inline; filename="{"Счёт.pdf".encode().decode("latin-1")}"', "https://x/1", PDF, "Счёт.pdf"),
        ('attachment; filename="caf\xe9.pdf"', "https://x.example/1", PDF, "café.pdf"),
        ("attachment; filename*=nonsense''%ff.pdf", "https://x.example/1", PDF, "\xff.pdf"),
        ("attachment", "https://x.example/a/%D0%A1%D1%87%D1%91%D1%82%207.pdf?sign=1", PDF, "Счёт 7.pdf"),
        ("", "https://x.example/render/d-solo/abc", "image/png", "abc.png"),
        ("", "https://x.example/export", f"{SHEET}; charset=utf-8", "export.xlsx"),
        ("", "https://x.example/export", "application/octet-stream", "export"),
        ("", "https://x.example/", PDF, "file.pdf"),
        ("", "https://x.example/%FF", "", "\ufffd"),
        ('attachment; filename="../../etc/passwd"', "https://x.example/1", "", "passwd"),
        ('attachment; filename="C:\\\\Users\\\\Anna\\\\bill.pdf"', "https://x.example/1", PDF, "bill.pdf"),
        ('attachment; filename=".."', "https://x.example/bill.pdf", PDF, "bill.pdf"),
        ('attachment; filename="a\u202efdp.exe"', "https://x.example/1", "", "afdp.exe"),
        (f'attachment; filename="{"a" * 300}.pdf"', "https://x.example/1", PDF, "a" * 120 + ".pdf"),
    ],
)
def test_a_file_has_the_name_that_the_answer_or_the_address_tells(
    disposition: str, url: str, content_type: str, name: str
) -> None:
    assert name_of(disposition, url, content_type) == name
