#!/usr/bin/env bash
# phonenumbers 9.0.43: a note behind a number, such as the messenger that its owner uses, is read as digits of a keypad
# once it has three Latin letters. Where a country's numbers vary in length (Germany, Austria), the result is another
# number, and a valid one: nothing tells that "(max)" was dialled. Two letters, "(tg)", are dropped. A Russian number
# is safe only because its length is fixed.
#
# Expected: the note is dropped as any other text behind a number is, or the number is refused.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" --disable-pip-version-check install --quiet phonenumbers==9.0.43

"$folder/venv/bin/python" - <<'PY'
import phonenumbers

SEEN = {
    "+49 30 1234567 (tg)": ("+49301234567", True),
    "+49 30 1234567 (max)": ("+49301234567629", True),  # m, a, x: 6, 2, 9
    "+49 30 1234567 (viber)": ("+4930123456784237", True),
    "+43 664 1234567 (max)": ("+436641234567629", True),
    "+7 916 123-45-67 (max)": ("+79161234567629", False),
}
for text, expected in SEEN.items():
    number = phonenumbers.parse(text)
    found = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164), phonenumbers.is_valid_number(number)
    print(f"{text:26} {found[0]:18} valid: {found[1]}")
    assert found == expected, expected
PY
