"""The body of a form, with or without files: streamed, and made anew for each attempt."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import IO, Any
from urllib.parse import urlencode

from airflow_provider_wahelp.client.errors import InputError

Pair = tuple[str, str]


@dataclass(frozen=True)
class FilePart:
    """A file of a multipart body.

    :param part: the name of the part.
    :param name: what the server is told to be the file's name.
    :param open: opens the file for reading bytes: each attempt reads it from its beginning.
    :param content_type: its type; by default what its name says.
    """

    part: str
    name: str = field(repr=False)
    open: Callable[[], IO[bytes]] = field(repr=False)
    content_type: str | None = None


@dataclass(frozen=True)
class Form:
    """Fields and files. With files it is multipart."""

    fields: Sequence[Pair] = field(default=(), repr=False)
    files: Sequence[FilePart] = ()


@dataclass(frozen=True)
class Encoded:
    """A body, ready to be sent.

    :param headers: ``Content-Type``, and ``Content-Length`` where the length is known.
    :param content: the bytes, or the chunks that yield them.
    """

    headers: Mapping[str, str]
    content: bytes | Iterable[bytes]


def pairs(values: Mapping[str, Any]) -> Iterator[Pair]:
    """Yield the pairs of a query or a form: a list is one for each entry, ``None`` is left out."""
    for name, value in values.items():
        for entry in value if isinstance(value, list | tuple) else [value]:
            if entry is not None:
                yield name, str(entry).lower() if isinstance(entry, bool) else str(entry)


@contextmanager
def encoded(form: Form | None) -> Iterator[Encoded | None]:
    """Encode a form; its files are open as long as this lasts.

    :raises InputError: if a file cannot be opened.
    """
    if form is None:
        yield None
    elif form.files:
        with ExitStack() as stack:
            yield _multipart(form, stack)
    else:
        yield Encoded({"Content-Type": "application/x-www-form-urlencoded"}, urlencode(form.fields).encode())


def _multipart(form: Form, stack: ExitStack) -> Encoded:
    """Let httpx encode it, for both clients: requests would read all files into memory first."""
    import httpx  # the blocking client needs it for nothing else

    fields: dict[str, list[str]] = {}
    for name, value in form.fields:
        fields.setdefault(name, []).append(value)
    files = [(part.part, (part.name, _opened(part, stack), part.content_type)) for part in form.files]
    request = httpx.Request("POST", "http://wahelp.invalid", data=fields, files=files)
    known = ("Content-Type", "Content-Length")
    stream: Any = request.stream
    return Encoded({name: request.headers[name] for name in known if name in request.headers}, stream)


def _opened(part: FilePart, stack: ExitStack) -> IO[bytes]:
    try:
        return stack.enter_context(part.open())
    except OSError as error:
        raise InputError(part.part, f"is a file that cannot be read ({type(error).__name__})") from None
