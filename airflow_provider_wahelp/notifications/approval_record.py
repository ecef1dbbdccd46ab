"""What a question leaves in Airflow's database, for the reply to it: who may decide, no phone in the clear.

It is an XCom, which others than the DAG's author may write. So it is signed, together with the id of the try
that asked: nobody can name another approver, nor have an old question decide a new one.
"""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from airflow_provider_wahelp.assets.event import phone_digest
from airflow_provider_wahelp.storage.keys import digest_key, keyed_hash

XCOM_KEY = "wahelp_approval"

_CODE = re.compile(r"\s*#?(\d{4})(?!\d)[\s:.,-]*(.*)", re.DOTALL)
_FIELDS = {
    "conn_id": str,
    "channel_uuid": str,
    "options": list,
    "users": dict,
    "asked_at": str,
    "language": str,
}


def code_of(ti_id: object) -> str:
    """Return four digits that tell the questions apart that somebody has got."""
    return f"{int.from_bytes(keyed_hash(b'', b'approval code', str(ti_id).encode()).digest()) % 9000 + 1000}"


def split_code(text: str) -> tuple[str, str]:
    """Return the code that a reply begins with, if it does, and the rest of it."""
    found = _CODE.fullmatch(text)
    return (found[1], found[2]) if found else ("", text)


@dataclass(frozen=True)
class ApprovalRecord:
    """A question that was asked by phone.

    :param channel_uuid: where; the empty string is the connection's.
    :param users: the Airflow user for the digest of each approver's phone.
    :param asked_at: about when, in ISO 8601 with a zone, by the worker's clock.
    :param language: in which; the empty string is the connection's.
    """

    conn_id: str
    channel_uuid: str
    options: Sequence[str]
    asked_at: str
    users: Mapping[str, str] = field(repr=False)
    language: str = ""

    @classmethod
    def of(cls, phones: Mapping[str, str], **fields: Any) -> Self:
        """Return the record of a question.

        :param phones: the Airflow user for each approver's phone.
        """
        key = digest_key()
        return cls(users={phone_digest(phone, key) or "": user for phone, user in phones.items()}, **fields)

    @classmethod
    def read(cls, value: object, ti_id: object) -> Self | None:
        """Return the record in an XCom; ``None`` if no notifier of this very try has written it."""
        if not isinstance(value, Mapping) or not isinstance(value.get("signature"), str):
            return None
        if not all(isinstance(value.get(name), kind) for name, kind in _FIELDS.items()):
            return None
        record = cls(**{name: value[name] for name in _FIELDS})
        return record if hmac.compare_digest(record._signature(ti_id), value["signature"]) else None

    def signed(self, ti_id: object) -> dict[str, Any]:
        """Return what to write into the XCom of a try."""
        return {**asdict(self), "signature": self._signature(ti_id)}

    def user_of(self, phone: str | None) -> str | None:
        """Return the Airflow user of an approver; ``None`` for anybody else's phone."""
        digest = phone_digest(phone) if phone else None
        return self.users.get(digest) if digest else None

    def _signature(self, ti_id: object) -> str:
        content = json.dumps([str(ti_id), asdict(self)], sort_keys=True).encode()
        return keyed_hash(digest_key(), b"approvals", content).hexdigest()
