"""The command ``wahelp-sandbox``."""

from __future__ import annotations

import argparse
import logging
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from airflow_provider_wahelp.sandbox.habits.profiles import PROFILES, profile
from airflow_provider_wahelp.sandbox.habits.spelling import WORDS, parse, spellings
from airflow_provider_wahelp.sandbox.options import DuplicateUsers, SandboxOptions, UnknownContact

if TYPE_CHECKING:
    from collections.abc import Sequence

_DEFAULTS = SandboxOptions()
_ABOUT = {
    "history": "how a channel's messages are listed",
    "times": "how created_at is spelled",
    "texts": "how texts are stored",
    "late": "seconds until the history shows a message",
    "answers": "how sends are refused",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a sandbox until SIGTERM or SIGINT.

    :param arguments: those of the command line.
    """
    parser = _parser()
    chosen = parser.parse_args(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s")
    if chosen.access_log:
        logging.getLogger("airflow_provider_wahelp.sandbox.call").setLevel(logging.INFO)
    try:
        _serve(chosen)
    except (ImportError, OSError, OverflowError, ValueError) as error:
        parser.error(str(error))
    return 0


def _serve(chosen: argparse.Namespace) -> None:
    options = _options(chosen)
    # Only now: the server takes a second to import, and `--help` or a wrong option should not.
    from airflow_provider_wahelp.sandbox import Sandbox

    sandbox = Sandbox(options, host=chosen.host, port=chosen.port, state_file=chosen.state)
    with sandbox:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: sandbox.request_stop())
        login, password = chosen.login, chosen.password
        sys.stdout.write(f"Wahelp sandbox: {sandbox.url}  (login {login}, password {password})\n")
        sys.stdout.flush()
        sandbox.wait()


def _options(chosen: argparse.Namespace) -> SandboxOptions:
    known = profile(chosen.like)
    words = {option: getattr(chosen, option, ()) for option in WORDS}
    return SandboxOptions(
        login=chosen.login,
        password=chosen.password,
        activation_delay=chosen.activation_delay,
        token_lifetime=chosen.token_lifetime,
        delivered_after=chosen.delivered_after,
        read_after=chosen.read_after,
        lacks_messenger=chosen.lacks_messenger,
        duplicate_users=chosen.duplicate_users,
        unknown_contact=chosen.unknown_contact,
        history_lag=chosen.history_lag,
        clock_skew=getattr(chosen, "clock_skew", known.clock_skew),
        habits=parse(known.habits, words),
        first_channel=chosen.first_channel,
        faults=(*known.faults, *chosen.fault),
        seed=chosen.seed,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="wahelp-sandbox",
        description="A local server that behaves like the Wahelp messaging API.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    add = parser.add_argument
    add("--host", default="127.0.0.1", help="address to listen on; whoever reaches it controls the sandbox")
    add("--port", type=int, default=8765, help="port to listen on; 0 picks a free one")
    add("--state", type=Path, metavar="FILE", help="keep the state in this file")
    add("--access-log", action="store_true", help="log every request to the API")
    add("--login", default=_DEFAULTS.login, help="login of the only account")
    add("--password", default=_DEFAULTS.password, help="its password")
    add(
        "--token-lifetime",
        type=int,
        default=_DEFAULTS.token_lifetime,
        metavar="SECONDS",
        help="life of a token",
    )
    _add_delay(parser, "--activation-delay", _DEFAULTS.activation_delay, "from creating a channel to active")
    _add_delay(parser, "--delivered-after", _DEFAULTS.delivered_after, "from sending to delivered")
    _add_delay(parser, "--read-after", _DEFAULTS.read_after, "from sending to read")
    add("--first-channel", metavar="UUID", help="uuid of the first channel that is made")
    add(
        "--lacks-messenger",
        action="append",
        default=[],
        metavar="PHONE",
        help="a phone without the messenger; may be repeated",
    )
    _add_answers(parser)
    _add_habits(parser)
    _add_faults(parser)
    return parser


def _add_answers(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("what sources tell in several ways")
    group.add_argument(
        "--duplicate-users",
        choices=get_args(DuplicateUsers),
        default=_DEFAULTS.duplicate_users,
        help="answer to adding a phone that the channel has",
    )
    group.add_argument(
        "--unknown-contact",
        type=int,
        choices=get_args(UnknownContact),
        default=_DEFAULTS.unknown_contact,
        help="HTTP status of looking up a phone that nobody has",
    )


def _add_habits(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("habits: what it always does", "Several words, in any order.")
    group.add_argument(
        "--like", choices=PROFILES, default="production", help="what holds where nothing else is said"
    )
    for option in WORDS:
        about = f"{_ABOUT[option]}: {', '.join(spellings(option))}".replace("%", "%%")
        group.add_argument(
            f"--{option}", nargs="+", action="extend", default=argparse.SUPPRESS, metavar="WORD", help=about
        )


def _add_faults(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("what goes wrong")
    add = group.add_argument
    add(
        "--fault",
        action="append",
        default=[],
        metavar="FAULT",
        help="NAME[:OPERATION][:PROBABILITY or :xCOUNT][:PARAMETER=VALUE]..., such as "
        "cut_after:send_message:0.25 or rate_limit:any:x3:retry_after=5; may be repeated",
    )
    add("--seed", type=int, help="make the probabilities of faults reproducible")
    add(
        "--history-lag",
        type=float,
        default=_DEFAULTS.history_lag,
        metavar="SECONDS",
        help="from sending to the history",
    )
    add(
        "--clock-skew",
        type=float,
        default=argparse.SUPPRESS,
        metavar="SECONDS",
        help="how wrong the server's clock is (default: as in --like)",
    )


def _add_delay(parser: argparse.ArgumentParser, name: str, default: float | None, what: str) -> None:
    parser.add_argument(name, type=_seconds, default=default, metavar="SECONDS", help=f"{what}, or `never`")


def _seconds(written: str) -> float | None:
    return None if written == "never" else float(written)


if __name__ == "__main__":
    sys.exit(main())
