"""Where a mailing's rows may come from: each source writes one table the way it is written in life."""

from __future__ import annotations

import csv
import json
import sqlite3
from collections import namedtuple
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

WORDS = frozenset({str, int, float})
ALL = WORDS | {Decimal, datetime}
TYPES = {
    str: "TEXT", int: "BIGINT", float: "DOUBLE PRECISION", Decimal: "NUMERIC(15, 2)", datetime: "TIMESTAMP",
}  # fmt: skip


@dataclass(frozen=True)
class Table:
    """A table in no source yet.

    :param encoding: of a text file.
    :param raw: a text file's content, where that is the point.
    :param sql: the query that asks for it, where that is the point.
    """

    names: tuple[str, ...] = ("phone", "name")
    rows: Sequence[tuple[Any, ...]] = ()
    encoding: str = "utf-8"
    raw: str = ""
    sql: str = ""

    def kinds(self) -> list[set[type]]:
        """Return the types in each column; nothing is of none."""
        return [{type(cell) for cell in column} - {type(None)} for column in zip(*self.rows, strict=True)]

    def mappings(self) -> list[dict[str, Any]]:
        return [dict(zip(self.names, row, strict=True)) for row in self.rows]


@dataclass(frozen=True)
class Place:
    """Where a source may write.

    :param connect: defines an Airflow connection.
    :param postgres: returns the address of a running PostgreSQL.
    """

    folder: Path
    connect: Callable[[str, dict[str, Any]], None]
    postgres: Callable[[], str]


@dataclass(frozen=True)
class Source:
    """A source of rows.

    :param write: writes a table, and returns the arguments that name it.
    :param argument: which of them an error names.
    :param kinds: the types of its cells.
    :param twice: whether two of its columns may have one name.
    :param mixed: whether a column may hold several types.
    :param text: whether it is text, of some encoding.
    """

    write: Callable[[Place, Table], dict[str, Any]]
    argument: str = "recipients"
    kinds: frozenset[type] = WORDS
    twice: bool = True
    mixed: bool = True
    text: bool = False
    names: bool = True

    @property
    def suppresses(self) -> bool:
        return self.argument.startswith("suppress")

    def lacks(self, table: Table) -> str:
        """Return why it cannot hold a table; ``""`` if it can."""
        kinds = table.kinds()
        missing = set[type]().union(*kinds) - self.kinds
        reasons = {
            "a broken text is a text file's": table.raw and not self.text,
            "its texts have no encoding of their own": table.encoding != "utf-8" and not self.text,
            "a statement is a database's": table.sql and "sql" not in self.argument,
            "a list of phones has no columns": not self.names and table.names != ("phone",),
            "a mapping has each name once": not self.twice and len(set(table.names)) < len(table.names),
            "a column has one type": not self.mixed and any(len(types) > 1 for types in kinds),
            f"it has no {' and no '.join(each.__name__ for each in missing)}": missing,
        }
        return next((reason for reason, lacking in reasons.items() if lacking), "")


def as_csv(path: Path, table: Table) -> str:
    with path.open("w", newline="", encoding=table.encoding) as file:
        if table.raw:
            file.write(table.raw)
        else:
            writer = csv.writer(file, delimiter=";")
            writer.writerows([table.names, *table.rows])
    return str(path)


def objects(table: Table) -> Iterator[str]:
    """Yield rows as JSON; of Python's own objects none names a key twice."""
    for row in table.rows:
        pairs = zip(table.names, row, strict=True)
        spelt = (": ".join(json.dumps(part, ensure_ascii=False) for part in pair) for pair in pairs)
        yield f"{{{', '.join(spelt)}}}"


def as_json_lines(path: Path, table: Table) -> str:
    path.write_text("".join(f"{line}\n" for line in objects(table)), table.encoding)
    return str(path)


def as_json_array(path: Path, table: Table) -> str:
    path.write_text(f"[\n{', '.join(objects(table))}\n]", table.encoding)
    return str(path)


def arrow(table: Table) -> Any:
    """Return a table of Arrow, whose moments have nanoseconds."""
    pyarrow = pytest.importorskip("pyarrow")
    columns = [pyarrow.array(column) for column in zip(*table.rows, strict=True)]
    timestamp = pyarrow.timestamp("ns")
    exact = [each.cast(timestamp) if pyarrow.types.is_timestamp(each.type) else each for each in columns]
    return pyarrow.Table.from_arrays(exact, list(table.names))


def as_parquet(path: Path, table: Table) -> str:
    parquet = pytest.importorskip("pyarrow.parquet")
    parquet.write_table(arrow(table), path)
    return str(path)


def as_folder(path: Path, table: Table) -> str:
    path.mkdir()
    for number in range(len(table.rows)):
        as_parquet(path / f"part-{number}.parquet", replace(table, rows=table.rows[number : number + 1]))
    (path / "_SUCCESS").touch()
    return str(path)


def in_file(write: Callable[[Path, Table], str], name: str, argument: str = "recipients") -> Any:
    return lambda place, table: {argument: write(place.folder / name, table)}


def listed(make: Callable[[Table], Any], argument: str = "recipients") -> Any:
    return lambda place, table: {argument: make(table)}


def named_tuples(table: Table) -> list[Any]:
    row = namedtuple("row", table.names)  # type: ignore[misc]
    return [row(*cells) for cells in table.rows]


def pandas(table: Table) -> Any:
    return pytest.importorskip("pandas").DataFrame(list(table.rows), columns=list(table.names))


def in_database(kind: str, argument: str = "sql") -> Any:
    """Return what makes a table of a database, and a query that names its columns as the table does."""

    def write(place: Place, table: Table) -> dict[str, Any]:
        connection, marks = MAKERS[kind](place)
        columns = ", ".join(f"c{n} {TYPES[next(iter(kinds), str)]}" for n, kinds in enumerate(table.kinds()))
        with closing(connection):
            cursor = connection.cursor()
            if table.rows:
                cursor.execute("DROP TABLE IF EXISTS people")
                cursor.execute(f"CREATE TABLE people (n INTEGER, {columns})")
                line = ", ".join(marks * (len(table.names) + 1))
                numbered = [(number, *row) for number, row in enumerate(table.rows)]
                cursor.executemany(f"INSERT INTO people VALUES ({line})", numbered)
            connection.commit()
        names = ", ".join(f'c{n} AS "{name}"' for n, name in enumerate(table.names))
        return {argument: table.sql or f"SELECT {names} FROM people ORDER BY n", "sql_conn_id": "shop"}

    return write


def _sqlite(place: Place) -> tuple[Any, list[str]]:
    pytest.importorskip("airflow.providers.sqlite")
    place.connect("shop", {"conn_type": "sqlite", "host": str(place.folder / "shop.db")})
    return sqlite3.connect(place.folder / "shop.db"), ["?"]


def _duckdb(place: Place) -> tuple[Any, list[str]]:
    pytest.importorskip("duckdb_provider")
    place.connect("shop", {"conn_type": "duckdb", "host": str(place.folder / "shop.duckdb")})
    return pytest.importorskip("duckdb").connect(str(place.folder / "shop.duckdb")), ["?"]


def _postgres(place: Place) -> tuple[Any, list[str]]:
    pytest.importorskip("airflow.providers.postgres")
    psycopg = pytest.importorskip("psycopg")
    address = urlsplit(f"postgresql://{place.postgres()}")
    place.connect("shop", postgres_connection(place.postgres()))
    return psycopg.connect(address.geturl()), ["%s"]


def postgres_connection(address: str) -> dict[str, Any]:
    """Return an Airflow connection to a PostgreSQL.

    :param address: what follows the scheme in its URL.
    """
    url = urlsplit(f"postgresql://{address}")
    named = {"host": url.hostname, "port": url.port, "login": url.username, "password": url.password}
    return {"conn_type": "postgres", **named, "schema": "postgres"}


MAKERS = {"sqlite": _sqlite, "postgres": _postgres, "duckdb": _duckdb}
IN_MEMORY: dict[str, Any] = {"kinds": ALL, "twice": False}
COLUMNS: dict[str, Any] = {"kinds": ALL, "mixed": False}

SOURCES = {
    "csv": Source(in_file(as_csv, "people.csv"), text=True, kinds=WORDS | {Decimal}),
    "json_lines": Source(in_file(as_json_lines, "people.jsonl"), text=True),
    "json_array": Source(in_file(as_json_array, "people.json"), text=True),
    "parquet": Source(in_file(as_parquet, "people.parquet"), **COLUMNS),
    "parquet_folder": Source(in_file(as_folder, "people.parquet"), **COLUMNS),
    "sqlite": Source(in_database("sqlite"), "sql", mixed=False),
    "postgres": Source(in_database("postgres"), "sql", **COLUMNS),
    "duckdb": Source(in_database("duckdb"), "sql", **COLUMNS),
    "mappings": Source(listed(Table.mappings), **IN_MEMORY),
    "mapped_task": Source(listed(lambda table: [[], table.mappings()]), **IN_MEMORY),
    "named_tuples": Source(listed(named_tuples), **IN_MEMORY),
    "pandas": Source(listed(pandas), kinds=ALL),
    "suppress": Source(listed(Table.mappings, "suppress"), "suppress", **IN_MEMORY),
    "suppress_phones": Source(
        listed(lambda table: [row[0] for row in table.rows], "suppress"), "suppress", kinds=ALL, names=False
    ),
    "suppress_csv": Source(
        in_file(as_csv, "out.csv", "suppress"), "suppress", text=True, kinds=WORDS | {Decimal}
    ),
    "suppress_sql_sqlite": Source(in_database("sqlite", "suppress_sql"), "suppress_sql", mixed=False),
    "suppress_sql_postgres": Source(in_database("postgres", "suppress_sql"), "suppress_sql", **COLUMNS),
    "suppress_sql_duckdb": Source(in_database("duckdb", "suppress_sql"), "suppress_sql", **COLUMNS),
}
NAMELESS = {
    "tuples": Source(listed(lambda table: list(table.rows))),
    "lists": Source(listed(lambda table: list(map(list, table.rows)))),
}
