#!/usr/bin/env bash
# dateparser 1.5.0: "завтра в 9 часов", tomorrow at nine o'clock, is nine hours after this time tomorrow: "часов" is both
# "o'clock" and "hours", and the second is taken. In the evening that is the day after tomorrow. "завтра в 9" and
# "завтра в 9-00", as people type it on a phone, lose their nine without a word: this time tomorrow, whatever it is. Only
# with a colon is the hour read. Whoever parses the answers of people to "when will you come?" books them for an hour that
# nobody named, and gets no error: ask for a colon, or for the number of a choice, and read the time back to the person.
#
# Expected: tomorrow, 09:00, or None, as "завтра к 9" and "завтра в 9 утра" give.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" --disable-pip-version-check install --quiet dateparser==1.5.0

"$folder/venv/bin/python" - <<'PY' | tee "$folder/seen"
from datetime import datetime

from dateparser import parse

ASKED = {"RELATIVE_BASE": datetime(2026, 11, 29, 17, 34)}
for answer in (
    "завтра в 9:00",
    "завтра в 9",
    "завтра в 9-00",
    "завтра в 9 часов",
    "завтра в 15 часов",
    "завтра к 9",
    "завтра в 9 утра",
):
    print(f"{answer}: {parse(answer, languages=['ru'], settings=ASKED)}")
PY
diff "$folder/seen" - <<'OUT'
завтра в 9:00: 2026-11-30 09:00:00
завтра в 9: 2026-11-30 17:34:00
завтра в 9-00: 2026-11-30 17:34:00
завтра в 9 часов: 2026-12-01 02:34:00
завтра в 15 часов: 2026-12-01 08:34:00
завтра к 9: None
завтра в 9 утра: None
OUT
