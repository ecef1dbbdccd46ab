"""Several texts of one mailing: which of them a person gets, over retries and mailings the same."""

from __future__ import annotations

import hashlib
import logging
import struct
from collections.abc import Iterable
from typing import NamedTuple

from airflow_provider_wahelp.delivery.send_options import MOST_VARIANTS
from airflow_provider_wahelp.delivery.words import people

log = logging.getLogger(__name__)

_WEIGHTS = struct.Struct(f">{MOST_VARIANTS}I")


class Share(NamedTuple):
    """The people who get one of the texts.

    :param variant: which, from 1.
    :param longest: characters of the longest text that it makes.
    """

    variant: int
    people: int
    longest: int


def variant_of(person: str, count: int) -> int:
    """Return which of so many texts a person gets, from 0.

    The heaviest part of a digest decides. So a further text takes people from all others, and moves nobody
    else; and a digest without a key is the same on every host, and after each rotation of keys.

    :param person: a normalised phone, or else the id of a user.
    :param count: :data:`~airflow_provider_wahelp.delivery.send_options.MOST_VARIANTS` at most.
    """
    digest = hashlib.blake2b(person.encode(), digest_size=_WEIGHTS.size, person=b"variant").digest()
    weights = _WEIGHTS.unpack(digest)[:count]
    return weights.index(max(weights))


def tell_preview(shares: Iterable[Share]) -> None:
    """Say in the log how many get which text; never the text."""
    for share in shares:
        words = "Text %d: %s, %s characters at most"
        log.info(words, share.variant, people(share.people), f"{share.longest:,}")
