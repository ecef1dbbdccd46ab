"""A server that answers like the sandbox, remembers nothing, and takes next to no CPU.

With 32 threads at it the sandbox needs as much of the machine as what is measured; this does not.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
from email.utils import formatdate
from itertools import count
from typing import Any

_REQUEST = re.compile(rb"([A-Z]+) /api/app/(\S*) HTTP/1.1\r\n")
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_CREATED = "2026-01-01 12:00:00"


class Connection(asyncio.Protocol):
    """One connection of a client that asks one thing at a time.

    :param latency: seconds from a request to its answer.
    :param ids: the ids of what is created.
    """

    def __init__(self, latency: float, ids: count[int]) -> None:
        self._latency = latency
        self._ids = ids
        self._asked = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take note of where to answer."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer a request once it is complete."""
        self._asked += data
        head, end, body = self._asked.partition(b"\r\n\r\n")
        length = _LENGTH.search(head)
        if not end or len(body) < (int(length[1]) if length else 0):
            return
        asked = _REQUEST.match(head + b"\r\n")
        self._asked = b""
        assert asked
        fields = json.loads(body) if body else {}
        answer = _http(self._data(asked[1].decode(), asked[2].decode(), fields))
        asyncio.get_running_loop().call_later(self._latency, self._answer, answer)

    def _answer(self, answer: bytes) -> None:
        if self._transport and not self._transport.is_closing():
            self._transport.write(answer)

    def _data(self, method: str, path: str, fields: dict[str, Any]) -> Any:
        if path == "user/login":
            return {"access_token": "stub", "expires_in": 3600}
        if method == "GET":
            return [] if "/messages" in path else {"id": 201, "uuid": "stub", "active": True}
        new = {**fields, "id": next(self._ids), "uuid": "stub"}
        if "/send_message/" not in path:
            return new
        sent = {"message_type": "text", "destination": "from_operator", "status": "sent"}
        user_id = int(path.rpartition("/")[2])
        return {**new, **sent, "created_at": _CREATED, "user_id": user_id, "channel_id": 201}


def _http(data: Any) -> bytes:
    body = json.dumps({"success": True, "data": data}).encode()
    head = (
        f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\nContent-Type: application/json\r\n"
        f"Date: {formatdate(usegmt=True)}\r\n\r\n"
    )
    return head.encode() + body


async def serve(port: int, latency: float) -> None:
    """Answer until the process ends.

    :param port: the port; 0 for a free one.
    :param latency: seconds from a request to its answer.
    """
    ids = count(401)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(latency, ids), "127.0.0.1", port)
    print(f"Stub: http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


def main() -> None:
    """Run the stub."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--latency", type=float, default=0.0)
    chosen = parser.parse_args()
    asyncio.run(serve(chosen.port, chosen.latency))


if __name__ == "__main__":
    main()
