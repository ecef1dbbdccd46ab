"""What the options of a mailing must be. Cheap: literals are checked when a DAG file is parsed."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, get_args

from airflow_provider_wahelp.client import arguments
from airflow_provider_wahelp.client.errors import InputError
from airflow_provider_wahelp.delivery.limits.send_limits import SendLimits
from airflow_provider_wahelp.delivery.limits.spacing import SLOWEST
from airflow_provider_wahelp.delivery.mailing.opt_out_rules import OptOutRules
from airflow_provider_wahelp.delivery.send_options import each_checked, whole
from airflow_provider_wahelp.delivery.waiting import WaitOptions

if TYPE_CHECKING:
    import jinja2

OnBadRows = Literal["report", "fail"]
IfEmpty = Literal["succeed", "skip", "fail"]

MOST_THREADS = 32

_TEXT_FILES = (".csv", ".tsv", ".json", ".jsonl", ".ndjson")
ROW_FILES = (*_TEXT_FILES, *(f"{suffix}.gz" for suffix in _TEXT_FILES), ".parquet")
"""What a file of rows may end in, in capitals too."""

ROWS_MUST = (
    "must be a list of mappings, or the path of a file that ends in "
    f"{', '.join(ROW_FILES[:-1])} or {ROW_FILES[-1]}, or of a folder of such files, which ends in /"
)


@dataclass(frozen=True)
class Options:
    """The options of a mailing, checked; what they mean says ``SendMessagesOperator``."""

    pace: float | None = None
    timezone: str = "Europe/Moscow"
    limits: SendLimits = field(default_factory=SendLimits)
    concurrency: int = 8
    suppress: Mapping[str, Iterable[Any]] = field(default_factory=dict)
    opt_outs: OptOutRules = field(default_factory=OptOutRules)
    on_bad_rows: str | None = None
    if_empty: str = "succeed"
    max_failures: float = 0
    dry_run: bool = False
    report_path: str | None = None
    if_unclear: str = "check"
    on_rerun: str = "skip"
    wait_options: WaitOptions | None = None
    fallback: Sequence[str] = ()
    columns: Mapping[str, str] | None = None
    encoding: str | None = None
    default_region: str | None = None
    stop_after_complaints: int | None = None
    complaints_since: float = 0.0
    """When the author has last said, before a deferral, that the mailing goes on."""
    channels: Sequence[str] | None = None
    file: Any = None
    file_column: str | None = None
    file_name: str | None = None


on_bad_rows: Callable[[Any], OnBadRows] = arguments.one_of("on_bad_rows", get_args(OnBadRows))
if_empty: Callable[[Any], IfEmpty] = arguments.one_of("if_empty", get_args(IfEmpty))


def recipients(value: Any) -> None:
    """Refuse what rows cannot be read from, as far as its look tells."""
    rows = isinstance(value, list | tuple) and not any(isinstance(row, str | int | float) for row in value)
    if not rows and not (isinstance(value, str) and (value.lstrip().startswith("[") or is_row_file(value))):
        raise InputError("recipients", ROWS_MUST)


def is_row_file(path: str) -> bool:
    """Return whether a path has the name of a file of rows, or of a folder of them."""
    return path.lower().endswith((*ROW_FILES, "/"))


def pace(value: Any) -> float | None:
    """Return messages a minute; ``None`` for no limit."""
    if value in (None, ""):
        return None
    try:
        number = float(str(value))
    except ValueError:
        number = 0.0
    if isinstance(value, bool) or not SLOWEST <= number < float("inf"):
        raise InputError("pace", f"must be a number, {SLOWEST} at least: messages a minute")
    return number


def concurrency(value: Any) -> int:
    """Return how many threads send."""
    threads = whole(value, "concurrency", f"threads, {MOST_THREADS} at most")
    if threads > MOST_THREADS:
        raise InputError("concurrency", f"must be {MOST_THREADS} at most")
    return threads


def max_length(value: Any) -> int:
    """Return how many characters a text may have."""
    return whole(value, "max_length", "characters")


def max_failures(value: Any) -> int | float:
    """Return how many failures are put up with: a number, or a share below 1."""
    text = str(value).strip()
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if isinstance(value, bool) or not 0 <= number < float("inf") or (number > 1 and number % 1):
        raise InputError("max_failures", "must be a number of people, e.g. 5, or a share of them, e.g. 0.05")
    return number if number % 1 else int(number)


def dry_run(value: Any) -> bool:
    """Return whether nothing is sent: a word such as "no" must not mean yes."""
    if not isinstance(value, bool):
        raise InputError("dry_run", "must be True or False; it is no template")
    return value


def columns(value: Any) -> dict[str, str]:
    """Return the source's names of columns, by ours."""
    must = 'must be our names of columns and yours, e.g. {"phone": "Телефон", "name": "Имя"}'
    if not isinstance(value, Mapping):
        raise InputError("columns", must)
    names = [name.strip() if isinstance(name, str) else "" for pair in value.items() for name in pair]
    if not all(names):
        raise InputError("columns", must)
    ours, theirs = names[::2], [name.casefold() for name in names[1::2]]
    if len(set(ours)) < len(ours) or len(set(theirs)) < len(theirs):
        raise InputError("columns", "must name each column once")
    return dict(zip(ours, names[1::2], strict=True))


def encoding(value: Any) -> str:
    """Return the encoding of a text file."""
    try:
        return codecs.lookup(value).name if "".encode(value) is not None else ""
    except (LookupError, TypeError, ValueError):
        raise InputError("encoding", 'must be an encoding of text, e.g. "cp1251"') from None


def key(value: Any) -> str:
    """Return the column that holds a row's own key."""
    if not isinstance(value, str) or not value.strip():
        raise InputError("key", "must be the name of a column, e.g. invoice_id")
    return value


def texts(value: Any) -> tuple[str, ...]:
    """Return the texts of a mailing, of which each person gets one.

    :raises InputError: if one is no template, with its number, counted from 1.
    """
    return tuple(each_checked(value, text)) if isinstance(value, list | tuple) else (text(value),)


def text(value: Any) -> str:
    """Refuse a template that cannot be one, when the DAG is parsed.

    :raises InputError: with the line and what is wrong in it.
    """
    import jinja2

    template = arguments.text(value)
    try:
        jinja2.Environment(extensions=["jinja2.ext.do", "jinja2.ext.loopcontrols"]).parse(template)  # noqa: S701
    except jinja2.TemplateSyntaxError as error:
        if (error.message or "").startswith("Encountered unknown tag"):
            return template  # as with filters and tests, only the run knows which the DAG has of its own
        raise no_template(error) from None
    return template


def no_template(error: jinja2.TemplateSyntaxError) -> InputError:
    """Return what is raised of a text that is no template."""
    return InputError("text", f"is no Jinja template, line {error.lineno}: {error.message}")


def allowed_failures(limit: float, tried: int) -> int:
    """Return how many of so many messages may fail.

    :param limit: what :func:`max_failures` returned.
    """
    return limit if isinstance(limit, int) else int(limit * tried)
