#!/usr/bin/env bash
# num2words 0.5.14 with pandas 2.3.3: an amount in words ("one thousand five hundred roubles", as a reminder of an invoice
# has it) depends on whether ANOTHER row of the table is empty. A whole number is taken for kopecks, a float of the same
# value for roubles, and one gap makes a column of whole numbers one of floats: the words differ a hundredfold. The
# string "1500" counts as roubles too.
#
# Expected: the same value, the same words.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" --disable-pip-version-check install --quiet num2words==0.5.14 pandas==2.3.3

"$folder/venv/bin/python" - <<'PY'
import pandas
from num2words import num2words


def first(amounts):
    cell = pandas.DataFrame({"amount": amounts}).to_dict("records")[0]["amount"]
    words = num2words(cell, lang="ru", to="currency", currency="RUB")
    print(f"{cell!r:8} of {amounts}: {words}")
    return words


assert first([1500, 320]) == "пятнадцать рублей, ноль копеек"
assert first([1500, None]) == "одна тысяча пятьсот рублей, ноль копеек"
assert first(["1500", None]) == "одна тысяча пятьсот рублей, ноль копеек"
PY
