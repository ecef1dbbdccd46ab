# ruff: noqa: RUF001 - the API speaks Russian
"""Finding in words of the API what was sent to it: whole or in part, and however it is escaped."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import unquote

Span = tuple[int, int]

PART = 6
"""Letters in a row that make a part of what was sent a quote."""

SHORTEST = 3
"""Letters of a value that is looked for at all."""

WORDING = 15
"""Letters of the shortest wording with a meaning: what is shorter, such as the name «Нет», has none in it."""

_TELLING = 4  # letters in a quote beside words that every API says
_PASSES = 3  # escapes within escapes
_ESCAPES = re.compile(
    r"\\+u[0-9a-f]{4}(?:\\+ud[c-f][0-9a-f]{2})?|\\[bfnrt]|(?:\\+x[0-9a-f]{2})+|(?:%[0-9a-f]{2})+"
    r"|&(?:\#\d{1,7};?|\#x[0-9a-f]{1,6};?|[a-z]\w{1,30};)",
    re.IGNORECASE,
)
_BLANK = "+\\"  # as good as a space: in an address, and before what an escape keeps as it is
_WORD = re.compile(r"[^\W_]+")
_COMMON = re.compile(  # what errors are made of, and texts as well
    r"(?:a|an|and|are|be|by|for|has|in|is|must|no|not|of|on|or|the|this|to|was|with|your"
    r"|(?:already|bad|channel|code|contact|deliver|error|exist|fail|field|found|https?|invalid|limit|login|max"
    r"|message|messenger|missing|name|number|password|phone|project|request|requir|response|send|sent|server"
    r"|status|telegram|text|token|unknown|user|valid|value|viber|webhook|whatsapp|wrong|www)[^\W\d_]{0,4}"
    r"|без|в|для|до|и|из|или|к|на|не|нет|но|о|от|по|с|со|уже|это"
    r"|(?:значени|зарегистрирован|имя|имени|занят|запрос|заполн|канал|код|контакт|мессенджер|найден|неверн"
    r"|недоступ|номер|нужн|обязательн|отправ|ошибк|парол|подключ|пол[ея]|пользовател|попыт|проект|сервер|сервис"
    r"|слишком|сообщени|существу|текст|телефон|токен|указан|фамили|чат)[^\W\d_]{0,4})",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class _Text:
    """A text without escapes, and where each of its characters was.

    :param spans: the place of each character before.
    """

    plain: str
    spans: list[Span]

    @cached_property
    def letters(self) -> list[tuple[str, int]]:
        """What is compared, each with its index in the text: neither blanks nor accents, nor the case."""
        return [
            (letter, index)
            for index, character in enumerate(self.plain)
            if not character.isspace() and character not in _BLANK
            for letter in unicodedata.normalize("NFKD", character).casefold()
            if unicodedata.category(letter) not in ("Mn", "Cf")
        ]

    @cached_property
    def common(self) -> set[int]:
        """The indexes of what is in words that are common in errors."""
        words = (word for word in _WORD.finditer(self.plain) if _COMMON.fullmatch(word.group()))
        return {index for word in words for index in range(*word.span())}

    @cached_property
    def key(self) -> str:
        """The letters."""
        return "".join(letter for letter, _ in self.letters)

    def is_word(self, start: int, end: int) -> bool:
        """Return whether letters stand for themselves."""
        first, last = self._indexes(start, end)
        return not (self.plain[first - 1 : first].isalnum() or self.plain[last : last + 1].isalnum())

    def places(self, spans: Iterable[Span]) -> list[Span]:
        """Return where letters were before anything was unescaped. The plus of a phone goes with it."""
        found = (self._indexes(*span) for span in spans)
        whole = ((first - (self.plain[first - 1 : first] == "+"), last) for first, last in found)
        return _joined((self.spans[first][0], self.spans[last - 1][1]) for first, last in whole)

    def _indexes(self, start: int, end: int) -> Span:
        return self.letters[start][1], self.letters[end - 1][1] + 1


def echoes(words: str, private: Iterable[str]) -> list[Span]:
    """Return where words repeat the whole of something that may have words of the API in it itself."""
    text = _unescaped(words)
    long = (key for key in _keys(private) if len(key) >= WORDING)
    return text.places(span for key in long for span in _occurrences(text, key))


def quotes(words: str, private: Iterable[str]) -> list[Span]:
    """Return where words quote the whole of something, or a part of it.

    Words that are common in errors are no quote, though they were sent.
    """
    text = _unescaped(words)
    telling = [value for value in private if _telling(_unescaped(value), least=1)]
    whole = [span for key in _keys(telling) for span in _occurrences(text, key)]
    parts = (span for key in _keys(telling) for span in _common_parts(text, key))
    shown = [span for span in _joined(parts) if _telling(text, *span, least=_TELLING)]
    return text.places([*whole, *shown])


def _keys(private: Iterable[str]) -> set[str]:
    keys = (_unescaped(value).key for value in private)
    # One more of digits: what has three is the status of an answer.
    return {key for key in keys if len(key) >= SHORTEST + key.isdecimal()}


def _occurrences(text: _Text, key: str) -> Iterator[Span]:
    """Yield where the whole of a value is; a short one must be a word: ``no`` is no quote in ``not``."""
    for match in re.finditer(re.escape(key), text.key):
        if len(key) >= PART or text.is_word(*match.span()):
            yield match.span()


def _common_parts(text: _Text, key: str) -> Iterator[Span]:
    """Yield where some letters of a value are."""
    known = {key[start : start + PART] for start in range(len(key) - PART + 1)}
    for start in range(len(text.key) - PART + 1 if known else 0):
        if text.key[start : start + PART] in known:
            yield start, start + PART


def _joined(spans: Iterable[Span]) -> list[Span]:
    """Return spans in order, those that overlap or touch as one."""
    joined: list[Span] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def _telling(text: _Text, start: int = 0, end: int | None = None, *, least: int) -> bool:
    """Return whether letters say more than words do that are common in errors."""
    said = [index for _, index in text.letters[start:end]]
    left = [index for index in said if index not in text.common]
    return len(left) >= least or len(left) == len(said)


def _unescaped(text: str) -> _Text:
    """Return a text without the escapes of JSON, HTML and addresses, or those of such escapes."""
    found = _Text(text, [(index, index + 1) for index in range(len(text))])
    for _ in range(_PASSES):
        if not _ESCAPES.search(found.plain):
            break
        found = _unescaped_once(found)
    return found


def _unescaped_once(text: _Text) -> _Text:
    plain, spans, end = list[str](), list[Span](), 0
    for match in _ESCAPES.finditer(text.plain):
        meant = _meant(match.group())
        whole = (text.spans[match.start()][0], text.spans[match.end() - 1][1])
        plain += [text.plain[end : match.start()], meant]
        spans += [*text.spans[end : match.start()], *[whole] * len(meant)]
        end = match.end()
    return _Text("".join([*plain, text.plain[end:]]), [*spans, *text.spans[end:]])


def _meant(escape: str) -> str:
    """Return what an escape stands for."""
    if escape[0] == "&":
        return html.unescape(escape)
    if escape[0] == "%":
        return unquote(escape)  # what is no UTF-8 as U+FFFD: it was a character all the same
    code = escape.lstrip("\\")[0].lower()
    if code not in "ux":
        return " "
    octets = bytes.fromhex(re.sub(r"\\+[ux]", "", escape, flags=re.IGNORECASE))
    return octets.decode("utf-16-be" if code == "u" else "utf-8", errors="replace")
