#!/usr/bin/env bash
# humanize 4.17.0, in Russian: a minute ago is "минуту назад", in the accusative that "ago" and "in" ask for, and 21 minutes
# ago are "21 минута назад", in the nominative, as if nobody said when. All that end in 1 but 11 are so, minutes and seconds:
# those whose two cases differ. Hours and days read well, for theirs do not, and a test with 1, 2 and 5 finds nothing. The
# forms that gettext chooses by the number are right; there is one set of them for a duration by itself and for one in a
# sentence. pendulum 3.3.0 has both, and says "21 минуту назад".
#
# Expected: "21 минуту назад" and "через 21 минуту".
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" --disable-pip-version-check install --quiet humanize==4.17.0 pendulum==3.3.0

"$folder/venv/bin/python" - <<'PY' | tee "$folder/seen"
from datetime import timedelta

import humanize
import pendulum

humanize.i18n.activate("ru_RU")
for minutes in (1, 2, 5, 11, 21, 51):
    span = timedelta(minutes=minutes)
    print(f"{humanize.naturaltime(span)}, {humanize.naturaltime(-span)}")
print(humanize.naturaltime(timedelta(seconds=21)), humanize.naturaltime(timedelta(hours=21)), sep=", ")
print("pendulum:", pendulum.now().subtract(minutes=21).diff_for_humans(locale="ru"))
PY
diff "$folder/seen" - <<'OUT'
минуту назад, через минуту
2 минуты назад, через 2 минуты
5 минут назад, через 5 минут
11 минут назад, через 11 минут
21 минута назад, через 21 минута
51 минута назад, через 51 минута
21 секунда назад, 21 час назад
pendulum: 21 минуту назад
OUT
