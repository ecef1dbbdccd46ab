#!/usr/bin/env bash
# Petrovich 2.0.1, which inflects Russian names for a salutation: surnames in -ых and -их (Черных, Седых, Долгих), which
# do not change in Russian for anybody, get an ending where the person is a man, and are left alone where it is a woman.
# So a text to one half of a family is right and to the other is not. Foreign surnames that do change only for a man (Ким)
# and those that never do (Живаго, Шевченко) are right.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" --disable-pip-version-check install --quiet Petrovich==2.0.1

"$folder/venv/bin/python" - <<'PY'
from petrovich.enums import Case, Gender
from petrovich.main import Petrovich

SEEN = {
    "Черных": ("Черныху", "Черных"),
    "Седых": ("Седыху", "Седых"),
    "Долгих": ("Долгиху", "Долгих"),
    "Ким": ("Киму", "Ким"),
    "Живаго": ("Живаго", "Живаго"),
}
inflect = Petrovich().lastname
for surname, expected in SEEN.items():
    found = tuple(inflect(surname, Case.DATIVE, gender) for gender in (Gender.MALE, Gender.FEMALE))
    print(f"{surname:8} to him: {found[0]:8} to her: {found[1]}")
    assert found == expected, expected
PY
