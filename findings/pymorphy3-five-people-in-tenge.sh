#!/usr/bin/env bash
# pymorphy3 2.0.6, with its dictionary 2.4.417150.4580142: make_agree_with_number, which is there to put a word beside a
# number, knows that five children are "детей" and not that five people are "человек" and five years "лет": it says
# "5 людей" and "5 годов". A fraction takes the form of many, "1.5 рублей", where Russian has "1,5 рубля". Tenge, which no number
# changes, is not in the dictionary, and is taken for the locative of an unknown word: "2 тенгах". Drams are dramas, "1
# драмы". The most likely reading of a word by itself, which is what everybody takes, is often no nominative. So a text
# needs its few words in three forms, written by hand, and a fraction the second of them.
#
# Expected: "5 человек", "5 лет", "1,5 рубля", "2 тенге", "1 драм".
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" --disable-pip-version-check install --quiet \
	pymorphy3==2.0.6 pymorphy3-dicts-ru==2.4.417150.4580142

"$folder/venv/bin/python" - <<'PY' | tee "$folder/seen"
from pymorphy3 import MorphAnalyzer

words = MorphAnalyzer()
for word in ("ребёнок", "человек", "год", "рубль", "тенге", "драм"):
    reading = words.parse(word)[0]
    numbers = (1, 2, 5, 1.5)
    print(*(f"{number} {reading.make_agree_with_number(number).word}" for number in numbers), sep=", ")
PY
diff "$folder/seen" - <<'OUT'
1 ребёнок, 2 ребёнка, 5 детей, 1.5 детей
1 человек, 2 человека, 5 людей, 1.5 людей
1 год, 2 года, 5 годов, 1.5 годов
1 рубль, 2 рубля, 5 рублей, 1.5 рублей
1 тенге, 2 тенгах, 5 тенгах, 1.5 тенгах
1 драмы, 2 драм, 5 драм, 1.5 драм
OUT
