"""Apache Airflow provider for Wahelp, hosted WhatsApp and Telegram messaging."""

from __future__ import annotations

__version__ = "0.1.0"
