"""What each answer of the pages says beside its content."""

from __future__ import annotations

HEADERS = {
    "Content-Security-Policy": "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",  # the next version of the package has other files
}
PRIVATE = {**HEADERS, "Cache-Control": "no-store"}
"""For what one reader may see, and another may not."""
