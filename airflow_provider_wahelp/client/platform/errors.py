"""What can go wrong with the platform's own mailings, beside the errors of all calls."""

from __future__ import annotations

from airflow_provider_wahelp.client.base_error import WahelpError


class MailingNotSentError(WahelpError):
    """A mailing that Wahelp itself sends was stopped, or failed; ``words`` has its status."""

    meaning = "Wahelp will not send it to its end"
    advice = "Look at the mailing in Wahelp. What was in its queue is lost: a copy can be sent."
