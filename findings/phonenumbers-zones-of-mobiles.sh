#!/usr/bin/env bash
# phonenumbers 9.0.43: the time zones of a Russian mobile are those of the whole country code +7, and two that nobody
# expects there: Almaty's, and Bucharest's, which has summer time and is in another country code.
# A Kazakh mobile has the same sixteen, from Bucharest to Kamchatka, though all of Kazakhstan is UTC+5. And a number of
# Minsk is Europe/Moscow: the zone of Minsk is not in the data. Kaliningrad's zone is not either.
#
# So "ask at an hour that is decent in all zones of the number" leaves a window of the day for half the world.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" --disable-pip-version-check install --quiet phonenumbers==9.0.43

"$folder/venv/bin/python" - <<'PY'
import phonenumbers
from phonenumbers.timezone import time_zones_for_number


def zones(number):
    return set(time_zones_for_number(phonenumbers.parse(number)))


russian, kazakh, minsk = zones("+79161234567"), zones("+77010000001"), zones("+375171234567")
print(len(russian), "zones of a Russian mobile:", *sorted(russian))
print("the same for a Kazakh one:", kazakh == russian)
print("Minsk:", *minsk)
assert len(russian) == 16
assert {"Europe/Bucharest", "Asia/Almaty", "Asia/Kamchatka"} < russian
assert "Europe/Kaliningrad" not in russian
assert kazakh == russian
assert minsk == {"Europe/Moscow"}
PY
