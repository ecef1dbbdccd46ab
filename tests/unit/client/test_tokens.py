"""Getting, renewing and sharing a token; whatever goes over the wire, with both clients."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_wahelp.client import calls, errors, tokens
from airflow_provider_wahelp.client.call import Call
from airflow_provider_wahelp.client.settings import Settings
from airflow_provider_wahelp.client.token_store import FileStore, MemoryStore, Token
from airflow_provider_wahelp.client.tokens import TokenKeeper

from .wire import LOGIN, PASSWORD, TEXT, Blocking, Clients, Seen, Wire, issues, ok, says, slowly

READ = calls.get_account()
NOW = 1_000_000.0
refused = says({"message": "Unauthenticated."}, 401)


class Clock:
    now = NOW

    def __call__(self) -> float:
        return self.now


class Api:
    """Stands for the API where a keeper's calls are answered without a wire."""

    def __init__(self, **answers: Any) -> None:
        self.answers = answers
        self.asked: list[str] = []

    def renew(self, keeper: TokenKeeper) -> Token:
        renewal = keeper.renewal()
        try:
            call = next(renewal)
            while True:
                name = {"user/login": "login", "user/refresh-token": "refresh"}[call.path]
                self.asked.append(name)
                got = self.answers[name]
                call = renewal.throw(got) if isinstance(got, Exception) else renewal.send(got)
        except StopIteration as stop:
            return stop.value


@pytest.fixture
def clock() -> Clock:
    return Clock()


def keeper_of(clock: Clock, store: Any = None, **settings: str) -> TokenKeeper:
    given = {"login": LOGIN, "password": PASSWORD, **settings}
    return TokenKeeper(Settings(**given), store or MemoryStore(), clock)


# The life of a token.


def test_a_token_is_got_by_logging_in_and_kept(clock: Clock) -> None:
    api, store = Api(login=("a", 3600)), MemoryStore()
    keeper = keeper_of(clock, store)
    assert keeper.current() is None
    assert api.renew(keeper) == Token("a", NOW + 3600, 3600) == keeper.current() == store.read()


@pytest.mark.parametrize(
    ("lifetime", "early"), [(3600, 300), (600, 60), (10, 1)], ids=["5-minutes", "a-tenth", "a-second"]
)
def test_a_token_is_renewed_a_little_before_its_end(clock: Clock, lifetime: float, early: float) -> None:
    api, keeper = Api(login=("a", lifetime), refresh=("b", lifetime)), keeper_of(clock)
    api.renew(keeper)
    clock.now = NOW + lifetime - early - 0.5
    assert keeper.current() is not None
    clock.now += 0.5
    assert keeper.current() is None
    assert api.renew(keeper).value == "b"
    assert api.asked == ["login", "refresh"]


@pytest.mark.parametrize(
    "failure",
    [
        errors.CredentialsError("x"), errors.ServerError("x"), errors.NotFoundError("x"),
        errors.UnreadableAnswerError("x"), errors.RateLimitedError("x"), errors.RejectedError("x"),
    ],
    ids=lambda error: type(error).__name__,
)  # fmt: skip
def test_a_refresh_that_fails_is_made_good_by_a_login(clock: Clock, failure: Exception) -> None:
    api = Api(login=("b", 3600), refresh=failure)
    keeper = keeper_of(clock, store := MemoryStore())
    store.write(Token("a", NOW + 100, 3600))
    assert api.renew(keeper).value == "b"
    assert api.asked == ["refresh", "login"]


def test_a_token_past_its_end_is_not_refreshed_but_replaced(clock: Clock) -> None:
    api, store = Api(login=("b", 3600)), MemoryStore()
    store.write(Token("a", NOW, 3600))
    assert api.renew(keeper_of(clock, store)).value == "b"
    assert api.asked == ["login"]


def test_an_old_token_is_used_to_its_end_while_no_new_one_can_be_got(clock: Clock) -> None:
    down = errors.ServerError("x")
    api, store = Api(login=down, refresh=down), MemoryStore()
    store.write(Token("a", NOW + 100, 3600))
    keeper = keeper_of(clock, store)
    assert api.renew(keeper).value == "a"
    clock.now += 100
    with pytest.raises(errors.ServerError):
        api.renew(keeper)


def test_a_refused_login_is_no_reason_to_go_on_with_an_old_token(clock: Clock) -> None:
    api, store = Api(login=errors.RejectedError("x"), refresh=errors.ServerError("x")), MemoryStore()
    store.write(Token("a", NOW + 100, 3600))
    with pytest.raises(errors.CredentialsError):
        api.renew(keeper_of(clock, store))


def test_a_token_that_another_task_got_is_taken_over_without_a_call(clock: Clock) -> None:
    api, store = Api(login=("a", 3600)), MemoryStore()
    ours, theirs = keeper_of(clock, store), keeper_of(clock, store)
    api.renew(ours)
    clock.now += 3500
    store.write(Token("b", clock.now + 3600, 3600))
    assert api.renew(ours).value == api.renew(theirs).value == "b"
    assert api.asked == ["login"]


def test_a_refused_token_is_not_used_again_wherever_it_is_found(clock: Clock) -> None:
    api, store = Api(login=("b", 3600)), MemoryStore()
    keeper = keeper_of(clock, store, access_token="a")
    assert api.renew(keeper).value == "a"
    keeper.reject("a")
    store.write(Token("a", NOW + 3600, 3600))
    assert api.renew(keeper).value == "b"


@pytest.mark.parametrize("pasted", ["ready", " ready\n"])
def test_a_ready_made_token_needs_no_call_and_is_not_stored(clock: Clock, pasted: str) -> None:
    api, store = Api(), MemoryStore()
    keeper = keeper_of(clock, store, access_token=pasted, login="")
    assert api.renew(keeper).value == "ready"
    assert (keeper.current().value, store.read()) == ("ready", None)


@pytest.mark.parametrize("pasted", ["", "  ", "two words", "line\nbreak", "токен"])
def test_without_a_token_that_can_be_sent_and_a_login_there_is_an_error(clock: Clock, pasted: str) -> None:
    keeper = keeper_of(clock, access_token=pasted, login="")
    with pytest.raises(
        errors.CredentialsError, match="the connection has no login with a password"
    ) as caught:
        Api().renew(keeper)
    assert not pasted.strip() or pasted not in str(caught.value)


def test_what_is_printed_of_tokens_and_their_keepers_is_no_secret(clock: Clock, tmp_path: Path) -> None:
    store = FileStore(tmp_path, "k")
    keeper = keeper_of(clock, store, access_token="s3cret")
    for thing in (Token("s3cret"), store, keeper, Api().renew(keeper), keeper.renewal()):
        assert "s3cret" not in f"{thing!r}{thing}"


# Over the wire.


def used(seen: list[Seen]) -> list[str]:
    return [request.token for request in seen]


@pytest.mark.parametrize("call", [READ, calls.send_message(1, "c", 5, TEXT)], ids=["GET", "send"])
def test_a_token_that_died_is_replaced_once_and_the_call_repeated(
    client: Blocking, wire: Wire, call: Call[Any]
) -> None:
    wire.will(refused)
    assert client.perform(call).id == 1
    assert (used(wire.calls), wire.logins, client.waits) == (["token-1", "token-2"], 2, [])
    assert client.told == ["token-1", "token-2"]
    client.perform(call)
    assert wire.logins == 2


def test_a_second_refusal_is_an_error_of_the_credentials(client: Blocking, wire: Wire) -> None:
    wire.will(refused, refused)
    with pytest.raises(errors.CredentialsError, match=r"HTTP 401\): Unauthenticated"):
        client.perform(READ)
    assert (len(wire.calls), wire.logins, client.waits) == (2, 2, [])


@pytest.mark.parametrize("reply", [refused, says({"success": False, "message": "wrong"}), says(status=403)])
def test_a_refused_login_is_an_error_of_the_credentials_after_one_attempt(
    client: Blocking, wire: Wire, reply: Any
) -> None:
    wire.will(reply, to="user/login")
    with pytest.raises(errors.CredentialsError, match="Check the login and password") as caught:
        client.perform(READ)
    assert (wire.logins, wire.calls, client.waits) == (1, [], [])
    assert PASSWORD not in str(caught.value)


def test_a_login_is_repeated_like_a_read(client: Blocking, wire: Wire) -> None:
    wire.will(says(status=502), to="user/login")
    assert client.perform(READ).id == 1
    assert (wire.logins, len(client.waits)) == (2, 1)


def test_a_refresh_carries_the_old_token_and_brings_the_new(clients: Clients, wire: Wire) -> None:
    store = MemoryStore()
    store.write(Token("old", tokens.time.time() + 100, 3600))
    wire.will(ok({"token": {"token": "new", "expires_in": "3600"}}), to="user/refresh-token")
    clients(wire.url, store=store).perform(READ)
    assert (used(wire.seen["user/refresh-token"]), used(wire.calls), wire.logins) == (["old"], ["new"], 0)


@pytest.mark.parametrize(
    "reply", [says(status=404), refused, ok([]), ok("x"), says(b"<html>"), says({"success": True})],
    ids=["404", "401", "list", "string", "HTML", "nothing"],
)  # fmt: skip
def test_whatever_a_refresh_answers_a_login_helps(clients: Clients, wire: Wire, reply: Any) -> None:
    store = MemoryStore()
    store.write(Token("old", tokens.time.time() + 100, 3600))
    wire.will(*[reply] * 9, to="user/refresh-token")
    clients(wire.url, store=store).perform(READ)
    assert (used(wire.calls), wire.logins) == (["token-1"], 1)


@pytest.mark.parametrize("status", [404, 405, 501])
def test_a_server_without_a_login_is_not_wahelp(clients: Clients, wire: Wire, status: int) -> None:
    client = clients(wire.url)
    wire.will(says(b"not found", status), to="user/login")
    with pytest.raises(errors.NotWahelpError, match="Check the connection's host") as caught:
        client.perform(READ)
    assert (caught.value.status, wire.logins, len(wire.calls)) == (status, 1, 0)


@pytest.mark.parametrize("expires_in", [3600, "3600", None, "soon"])
def test_a_token_serves_many_calls(client: Blocking, wire: Wire, expires_in: Any) -> None:
    wire.will(issues("a", expires_in), to="user/login")
    for _ in range(3):
        client.perform(READ)
    assert (used(wire.calls), wire.logins) == (["a"] * 3, 1)


def test_a_refused_ready_made_token_is_replaced_by_a_login(clients: Clients, wire: Wire) -> None:
    client = clients(wire.url, access_token="ready")
    wire.will(refused)
    client.perform(READ)
    client.perform(READ)
    assert (used(wire.calls), wire.logins) == (["ready", "token-1", "token-1"], 1)


def test_a_refused_ready_made_token_without_a_login_is_final(clients: Clients, wire: Wire) -> None:
    client = clients(wire.url, access_token="ready", login="")
    wire.will(refused)
    with pytest.raises(
        errors.CredentialsError, match="the access token is refused, and the connection has no login"
    ):
        client.perform(READ)
    assert (len(wire.calls), wire.logins, client.waits) == (1, 0, [])


def test_a_token_that_another_process_renewed_is_taken_over_after_a_refusal(
    clients: Clients, wire: Wire, tmp_path: Path
) -> None:
    ours, theirs = (clients(wire.url, store=FileStore(tmp_path, "k")) for _ in range(2))
    ours.perform(READ)
    theirs.perform(READ)
    wire.will(refused)
    theirs.perform(READ)  # token-1 is dead, token-2 is in the file
    wire.will(refused)
    ours.perform(READ)
    assert used(wire.calls) == ["token-1", "token-1", "token-1", "token-2", "token-1", "token-2"]
    assert wire.logins == 2


def test_a_stampede_is_one_login(client: Blocking, wire: Wire) -> None:
    wire.will(*[slowly(issues("a"))] * 24, to="user/login")
    assert len(client.stampede(READ, 24)) == 24
    assert wire.logins == 1


def test_a_stampede_after_a_refusal_is_one_login(clients: Clients, wire: Wire) -> None:
    client = clients(wire.url)
    client.perform(READ)
    wire.dead.add("token-1")
    wire.will(*[slowly(issues("a"))] * 12, to="user/login")
    assert len(client.stampede(READ, 12)) == 12
    assert wire.logins == 2


PROCESS = """
import sys
from pathlib import Path
from airflow_provider_wahelp.client import Settings, WahelpClient, calls
from airflow_provider_wahelp.client.token_store import FileStore
settings = Settings(base_url=sys.argv[1], login="l", password="p")
print("ready", flush=True)
sys.stdin.readline()
WahelpClient(settings, FileStore(Path(sys.argv[2]), "k")).perform(calls.get_account())
"""


def test_a_stampede_of_processes_is_one_login(wire: Wire, tmp_path: Path) -> None:
    command = [sys.executable, "-c", PROCESS, wire.url, str(tmp_path)]
    wire.will(*[slowly(issues("a"))] * 3, to="user/login")
    started = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) for _ in range(3)]
    for process in started:
        assert process.stdout.readline() == b"ready\n"
    for process in started:
        process.stdin.write(b"go\n")
        process.stdin.flush()
    for process in started:
        process.communicate()
    assert [process.returncode for process in started] == [0] * 3
    assert (wire.logins, len(wire.calls)) == (1, 3)


HOLDER = """
import sys
from pathlib import Path
from airflow_provider_wahelp.client.token_store import FileStore
store = FileStore(Path(sys.argv[1]), "k")
assert store.try_lock()
print("locked", flush=True)
sys.stdin.readline()
"""


def test_a_process_that_is_killed_while_it_logs_in_keeps_nobody_out(
    clients: Clients, wire: Wire, tmp_path: Path
) -> None:
    command, pipe = [sys.executable, "-c", HOLDER, str(tmp_path)], subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe) as holder:
        assert holder.stdout.readline() == b"locked\n"
        store = FileStore(tmp_path, "k")
        assert not store.try_lock()
        holder.kill()
        holder.wait()
    client = clients(wire.url, store=store, deadline=5)
    assert client.perform(READ).id == 1
    assert (wire.logins, store.read().value) == (1, "token-1")


@pytest.mark.parametrize("kind", ["memory", "file"])
def test_a_login_that_fails_leaves_the_store_to_others(
    clients: Clients, wire: Wire, tmp_path: Path, kind: str
) -> None:
    store = MemoryStore() if kind == "memory" else FileStore(tmp_path, "k")
    wire.will(refused, to="user/login")
    with pytest.raises(errors.CredentialsError):
        clients(wire.url, store=store).perform(READ)
    assert store.try_lock()


def test_a_lock_that_is_never_released_costs_a_login(clients: Clients, wire: Wire) -> None:
    store = MemoryStore()
    assert store.try_lock()
    assert clients(wire.url, store=store, deadline=0.05).perform(READ).id == 1
    assert (wire.logins, store.try_lock()) == (1, False)
