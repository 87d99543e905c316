"""Passwords that can be recognised, and the search of the log for any secret."""

import re
import secrets

_MARK = "Pw0rd"
INTROSPECTION_SECRET = f"{_MARK}-introspection-secret"

# A token of ours, or a good part of one (the prefix and eight characters), or a test's password.
_SECRET = re.compile(rf"lk[arlph]_[0-9A-Za-z]{{8}}|{_MARK}|\$argon2")


def password() -> str:
    """A new random password; the search of the log knows it by its beginning."""
    return f"{_MARK}-{secrets.token_hex(8)}"


def leaks(log: str) -> list[str]:
    """The lines that show a token, a password or a password's hash."""
    return [line for line in log.splitlines() if _SECRET.search(line)]
