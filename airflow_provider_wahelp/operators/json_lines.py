"""Writing rows where Airflow's object storage can."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any


def write_json_lines(path: str, rows: Iterable[Mapping[str, Any]]) -> None:
    """Write one JSON object a line, UTF-8; a local file is readable for its owner alone.

    :param path: any Airflow object storage path.
    :param rows: what to write.
    """
    from airflow.providers.common.compat.sdk import ObjectStoragePath

    target = ObjectStoragePath(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.protocol in {"file", "local", ""}:
        Path(target.path).touch(mode=0o600)
    with target.open("w", encoding="utf-8") as file:  # type: ignore[no-untyped-call]
        file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
