#!/usr/bin/env bash
# Babel 2.18.0: who writes times for readers in Russian cannot have the zone's name from it. In the short width Moscow is
# "+0300", in Russian, Kazakh, Belarusian and English alike: neither "MSK", as Python's own tzname() has it, nor "GMT+3",
# as CLDR would write what has no short name. In the long width Minsk's time is "Moscow, standard time", in Belarusian
# too, as both are one metazone of CLDR; a reader in Minsk reads another town's name. Kazakhstan, one zone since 2024,
# has a long name with neither "time" nor "standard" in it: the bare name of the country.
#
# Expected: a name that a reader knows their own time by, in both widths.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" --disable-pip-version-check install --quiet babel==2.18.0 tzdata==2025.2

cat >"$folder/ask.py" <<'PY'
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from babel.dates import get_timezone_name

noon = datetime(2026, 11, 28, 9, tzinfo=UTC)
for name in ("Europe/Moscow", "Europe/Minsk", "Asia/Almaty"):
    there = noon.astimezone(ZoneInfo(name))
    short = {get_timezone_name(there, width="short", locale=each) for each in ("ru", "kk", "be", "en")}
    print(name, there.tzname(), *sorted(short), "|", get_timezone_name(there, width="long", locale="ru"))
print(get_timezone_name(noon.astimezone(ZoneInfo("Europe/Minsk")), width="long", locale="be"))
PY
PYTHONUTF8=1 PYTHONTZPATH= "$folder/venv/bin/python" "$folder/ask.py" | tee "$folder/seen"
diff "$folder/seen" <(cat <<'EXPECTED'
Europe/Moscow MSK +0300 | Москва, стандартное время
Europe/Minsk +03 +0300 | Москва, стандартное время
Asia/Almaty +05 +0500 | Казахстан
Маскоўскі стандартны час
EXPECTED
)
