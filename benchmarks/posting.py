"""Posts of events at a pace, or all at once; what is not answered 200 is posted again."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

_AGAIN_SECONDS = 0.5


@dataclass
class Posts:
    """What became of posts.

    :param took: seconds of each answer 200.
    :param refused: attempts that got another answer, or none.
    :param seconds: from the first post to the last answer.
    """

    took: list[float] = field(default_factory=list)
    refused: int = 0
    unanswered: int = 0
    seconds: float = 0.0

    @property
    def rate(self) -> float:
        """Answers 200 a second."""
        return len(self.took) / self.seconds

    def quantile(self, share: float) -> float:
        """Return the seconds within which a share of the answers came."""
        return sorted(self.took)[min(len(self.took) - 1, int(len(self.took) * share))]


Post = Callable[[httpx.AsyncClient, Any], Awaitable[httpx.Response]]


def post_all(
    post: Post,
    things: Sequence[Any],
    *,
    pace: float | None,
    until: float,
    at: dict[int, Callable[[], object]],
) -> Posts:
    """Post things, each again and again until it is answered 200 or the time is over.

    :param pace: how many begin a second; all at once by default.
    :param until: seconds after which what has no answer is given up.
    :param at: what is done in a thread beside, before the post of that number.
    """
    return asyncio.run(_post_all(post, things, pace, until, at))


async def _post_all(
    post: Post, things: Sequence[Any], pace: float | None, until: float, at: dict[int, Callable[[], object]]
) -> Posts:
    posts, begun = Posts(), time.monotonic()
    limits = httpx.Limits(max_connections=100, max_keepalive_connections=50)
    async with httpx.AsyncClient(trust_env=False, timeout=60, limits=limits) as http:
        tasks: list[asyncio.Task[Any]] = []
        for number, thing in enumerate(things):
            if number in at:
                tasks.append(asyncio.create_task(asyncio.to_thread(at[number])))
            tasks.append(asyncio.create_task(_until_answered(http, post, thing, posts, begun + until)))
            if pace:
                await asyncio.sleep(max(0.0, begun + (number + 1) / pace - time.monotonic()))
        await asyncio.gather(*tasks)
    posts.seconds = time.monotonic() - begun
    return posts


async def _until_answered(
    http: httpx.AsyncClient, post: Post, thing: Any, posts: Posts, until: float
) -> None:
    while time.monotonic() < until:
        begun = time.monotonic()
        try:
            async with asyncio.timeout(max(0.1, until - begun)):
                answer = await post(http, thing)
        except (httpx.TransportError, TimeoutError):
            answer = None
        if answer is not None and answer.is_success:
            posts.took.append(time.monotonic() - begun)
            return
        posts.refused += 1
        await asyncio.sleep(_AGAIN_SECONDS)
    posts.unanswered += 1
