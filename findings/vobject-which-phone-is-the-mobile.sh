#!/usr/bin/env bash
# vobject 0.9.9: a contact as many phones export it, vCard 2.1 with "TEL;CELL;PREF:", loses what its numbers are when it is
# written again: mobile, home and fax are three bare numbers, under the same VERSION:2.1, and nothing is raised. Such types
# have no "TYPE=" in 2.1; they are read, into singletonparams, which the writer does not know. Where they are read, they
# have no type_param either, so that "the first mobile" written for vCard 3.0 fails on them. And WhatsApp's own mark of
# the number that has an account, waid=, comes back as WAID=. Clean contacts before a mailing so and the messages go to the
# desk in the hall: take what singletonparams says along, or do not write the cards anew.
#
# Expected: what was read is written.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" --disable-pip-version-check install --quiet vobject==0.9.9

"$folder/venv/bin/python" - <<'PY' | tee "$folder/seen"
import vobject


def phones(*lines):
    card = vobject.readOne("\r\n".join(("BEGIN:VCARD", *lines, "FN:Anna", "N:;Anna;;;", "END:VCARD", "")))
    first = card.tel_list[0]
    print("read:", first.singletonparams, first.params, hasattr(first, "type_param"))
    print(*(line for line in card.serialize().splitlines() if line.startswith(("TEL", "VERSION"))), sep="\n")


phones("VERSION:2.1", "TEL;CELL;PREF:+79160000001", "TEL;HOME:+74950000002", "TEL;WORK;FAX:+74950000003")
phones("VERSION:3.0", "TEL;type=CELL;waid=79160000001:+7 916 000-00-01")
PY
diff "$folder/seen" - <<'OUT'
read: ['CELL', 'PREF'] {} False
VERSION:2.1
TEL:+79160000001
TEL:+74950000002
TEL:+74950000003
read: [] {'TYPE': ['CELL'], 'WAID': ['79160000001']} True
VERSION:3.0
TEL;TYPE=CELL;WAID=79160000001:+7 916 000-00-01
OUT
