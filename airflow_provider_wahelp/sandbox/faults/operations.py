"""The names of the platform's operations, for faults that are meant for some of them only."""

from __future__ import annotations

import re

ANY = "any"

_CALLS = {
    "login": ("POST", "user/login"),
    "refresh_token": ("GET", "user/refresh-token"),
    "account": ("GET", "user"),
    "projects": ("GET", "projects"),
    "create_project": ("POST", "projects"),
    "channels": ("GET", "projects/*/channels"),
    "create_channel": ("POST", "projects/*/channels"),
    "channel": ("GET", "projects/*/channels/*"),
    "channel_status": ("GET", "projects/*/channels/*/status"),
    "qr": ("GET", "projects/*/channels/*/settings/whatsapp/qr"),
    "users": ("GET", "projects/*/channels/*/users"),
    "create_user": ("POST", "projects/*/channels/*/users"),
    "user": ("GET", "projects/*/channels/*/users/*"),
    "contact_by_phone": ("POST", "projects/*/contacts/contact_by_phone"),
    "messages": ("GET", "projects/*/channels/*/messages"),
    "message": ("GET", "projects/*/channels/*/messages/*"),
    "send_message": ("POST", "projects/*/channels/*/send_message/*"),
    "set_hook": ("PUT", "projects/*/hook"),
    "webhooks": ("GET", "projects/*/webhooks"),
    "create_webhook": ("POST", "projects/*/webhooks"),
    "change_webhook": ("PUT", "projects/*/webhooks/*"),
    "remove_webhook": ("DELETE", "projects/*/webhooks/*"),
    "edit_message": ("PUT", "projects/*/channels/*/messages/*"),
    "delete_message": ("DELETE", "projects/*/channels/*/messages/*"),
    "update_user": ("PUT", "projects/*/channels/*/users/*"),
    "delete_user": ("DELETE", "projects/*/channels/*/users/*"),
    "update_channel": ("PUT", "projects/*/channels/*"),
    "delete_channel": ("DELETE", "projects/*/channels/*"),
    "block_contact": ("POST", "projects/*/contacts/*/block"),
    "unblock_contact": ("POST", "projects/*/contacts/*/unblock"),
    "import_contacts": ("POST", "projects/*/channels/*/import_contacts"),
    "lost_messages": ("GET", "projects/*/lost_messages"),
    "cascade": ("GET", "projects/*/config/cascade"),
    "set_cascade": ("PUT", "projects/*/config/cascade"),
    "send_cascade": ("POST", "projects/*/send_message_cascade"),
    "templates": ("GET", "projects/*/channels/*/waba_templates"),
    "create_template": ("POST", "projects/*/channels/*/waba_templates"),
    "template": ("GET", "projects/*/channels/*/waba_templates/*"),
    "delete_template": ("DELETE", "projects/*/channels/*/waba_templates/*"),
    "import_templates": ("POST", "projects/*/channels/*/waba_templates/import"),
    "mailings": ("GET", "projects/*/channels/*/mass_mailings/*"),
    "create_mailing": ("POST", "projects/*/channels/*/mass_mailings/*"),
    "send_mailing": ("POST", "projects/*/channels/*/mass_mailings/*/*/send"),
    "stop_mailing": ("POST", "projects/*/channels/*/mass_mailings/*/*/stop"),
    "mailing_stats": ("GET", "projects/*/channels/*/mass_mailings/*/*/stats"),
    "export_mailing": ("GET", "projects/*/channels/*/mass_mailings/*/*/export"),
}
_PATTERNS = {
    name: (method, re.compile("/api/app/" + path.replace("*", "[^/]+")))
    for name, (method, path) in _CALLS.items()
}

OPERATIONS = (ANY, *_CALLS)


def is_operation(name: str, method: str, path: str) -> bool:
    """Tell whether a call is a certain operation.

    :param name: one of :data:`OPERATIONS`.
    :param method: the call's HTTP method.
    :param path: its path, without a slash at the end.
    """
    if name == ANY:
        return True
    wanted, pattern = _PATTERNS[name]
    return method == wanted and pattern.fullmatch(path) is not None
