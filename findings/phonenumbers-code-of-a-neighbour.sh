#!/usr/bin/env bash
# phonenumbers 9.0.43: two countries share the calling code 7, and a column of phones without a plus is read by the country
# that one names. 79161234567 is a Russian mobile to whoever names Russia. To whoever names Kazakhstan it is +7 7916..., a
# number with a digit too many: the 7 is dropped as a country code only if what is left looks Kazakh. The other way round
# it works, Russia reads both; so do the USA and Canada with each other's numbers, which share the calling code 1.
#
# Expected: the digits after a common country code mean the same, whichever of its countries is named.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" --disable-pip-version-check install --quiet phonenumbers==9.0.43

"$folder/venv/bin/python" - <<'PY'
import phonenumbers


def read(digits, country):
    number = phonenumbers.parse(digits, country)
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    valid = phonenumbers.is_valid_number(number)
    print(f"{digits} as of {country}: {e164}, {'valid' if valid else 'not valid'}")
    return e164, valid


assert read("79161234567", "RU") == ("+79161234567", True)
assert read("79161234567", "KZ") == ("+779161234567", False)
assert read("77011234567", "RU") == read("77011234567", "KZ") == ("+77011234567", True)
assert read("14165550123", "US")[0] == read("14165550123", "CA")[0] == "+14165550123"
assert read("12125550123", "US")[0] == read("12125550123", "CA")[0] == "+12125550123"
PY
