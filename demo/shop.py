"""The database of a small shop, for the DAGs that remind its customers of invoices and appointments."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

_TABLES = """
CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT NOT NULL, phone TEXT);
CREATE TABLE invoices (
    id TEXT PRIMARY KEY, customer_id INTEGER NOT NULL REFERENCES customers,
    amount NUMERIC NOT NULL, due_on TEXT NOT NULL, paid INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE bookings (
    id TEXT PRIMARY KEY, customer_id INTEGER NOT NULL REFERENCES customers,
    starts_at TEXT NOT NULL, state TEXT NOT NULL DEFAULT 'open'
);
CREATE TABLE unsubscribed (phone TEXT PRIMARY KEY);
"""
# Moscow, Vladivostok and New York: whatever the time is, somewhere nobody is asleep.
_CUSTOMERS = [
    (1, "Anna", "+74951234567"),
    (2, "Boris", "+74232345678"),
    (3, "Claire", "+12125550123"),
    (4, "Dmitri", "+74957654321"),
    (5, "Elena", None),
    (6, "Farid", "+74950001122"),
]
_UNSUBSCRIBED = [("+7 495 765-43-21",)]
_INVOICES = [  # id, customer, amount, due in so many days, paid
    ("2026-101", 1, 1490, 1, False),
    ("2026-102", 2, 3200.5, 1, False),
    ("2026-103", 3, 75, 1, False),
    ("2026-104", 4, 980, 1, False),
    ("2026-105", 5, 410, 1, False),
    ("2026-106", 6, 5600, 1, True),
    ("2026-107", 6, 120, 8, False),
]


def make_shop(file: Path) -> None:
    """Create the database: three reminders are due, one customer wants none, one has no phone.

    :param file: where.
    """
    file.touch(mode=0o600)
    today = datetime.now(UTC).date()
    invoices = [
        (number, customer, amount, (today + timedelta(days)).isoformat(), paid)
        for number, customer, amount, days, paid in _INVOICES
    ]
    with closing(sqlite3.connect(file)) as database, database:
        database.executescript(_TABLES)
        database.executemany("INSERT INTO customers VALUES (?, ?, ?)", _CUSTOMERS)
        database.executemany("INSERT INTO invoices VALUES (?, ?, ?, ?, ?)", invoices)
        database.execute("INSERT INTO bookings VALUES ('B-7', 1, 'завтра в 10:00', 'open')")
        database.executemany("INSERT INTO unsubscribed VALUES (?)", _UNSUBSCRIBED)


def shop_connection(file: Path) -> dict[str, str]:
    """Return the Airflow connection to the database.

    :param file: where it is.
    """
    return {"conn_type": "sqlite", "host": str(file.resolve())}
