"""When Airflow repeats a task that failed with a Wahelp error (Airflow 3.3 and later).

On older versions permanent errors fail a task at once too: they are ``AirflowFailException``. What needs a
policy is the wait that the API asked for.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

try:
    from airflow.providers.common.compat.sdk import RetryDecision, RetryPolicy
except ImportError as error:
    raise ImportError(
        "WahelpRetryPolicy needs Airflow 3.3: earlier ones have no retry policies. Leave it out there; "
        "permanent errors fail a task at once all the same."
    ) from error

from airflow_provider_wahelp.client.errors import WahelpError


class WahelpRetryPolicy(RetryPolicy):
    """Fail at once where repeating cannot help, and wait as long as the API says where it can.

    .. code-block:: python

        SendMessageOperator(..., retries=5, retry_policy=WahelpRetryPolicy())

    Other errors are left to the task's own ``retry_delay``. A policy never adds retries.

    :param longest: the longest wait; an API that asks for more gets this.
    """

    def __init__(self, longest: timedelta = timedelta(hours=1)) -> None:
        self.longest = longest

    def evaluate(
        self, exception: BaseException, try_number: int, max_tries: int, context: Any = None
    ) -> RetryDecision:
        """Decide about one failure.

        :param exception: what the task failed with.
        :param try_number: which try that was.
        :param max_tries: how many there may be.
        :param context: the task's context.
        """
        if not isinstance(exception, WahelpError):
            return RetryDecision.default()
        if not exception.temporary:
            return RetryDecision.fail(reason=str(exception))
        if exception.retry_after is None:
            return RetryDecision.default()
        wait = min(timedelta(seconds=exception.retry_after), self.longest)
        return RetryDecision.retry(delay=wait, reason=str(exception))
