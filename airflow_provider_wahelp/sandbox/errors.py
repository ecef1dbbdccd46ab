"""How the sandbox says no."""

from __future__ import annotations

from typing import Any


class SandboxError(Exception):
    """What is answered in place of data.

    :param status: the HTTP status of the answer; 200 is possible, the platform refuses that way too.
    :param message: the platform's words.
    :param errors: what is wrong with which field.
    :param data: what the answer carries beside the words.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        errors: dict[str, list[str]] | None = None,
        data: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(status, message)
        self.status = status
        self.message = message
        self.errors = errors
        self.data = data

    def body(self) -> dict[str, Any]:
        """Return the JSON body of the answer."""
        extra = {"errors": self.errors, "data": self.data}
        known = {name: value for name, value in extra.items() if value is not None}
        return {"success": False, "message": self.message, **known}


def not_found(what: str, status: int = 404) -> SandboxError:
    """Build the answer for an id that nothing has.

    :param what: what was looked for, in Russian, as the platform would say it.
    :param status: the HTTP status of the answer.
    """
    return SandboxError(status, f"{what}: не найдено")


def invalid(field: str, complaint: str) -> SandboxError:
    """Build the answer for a field that cannot be accepted.

    :param field: the name of the field.
    :param complaint: what is wrong with it; never its value, which may be personal.
    """
    return SandboxError(422, "Переданы неверные данные", errors={field: [complaint]})


def not_imitated() -> SandboxError:
    """Build the answer for what the platform can do and the sandbox cannot: nothing else answers 501."""
    return SandboxError(501, "Wahelp has this operation, but the sandbox does not imitate it")
