"""The form of a token, for tests that forge one. docs/formats/token.md says what it means."""

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_PREFIX = 4
_BYTES = 32
_LENGTH = 43


def token_bytes(token: str) -> bytes:
    """The 256 bits after the prefix: key id 8, session id 64, generation 24, tag 128, check 32."""
    number = 0
    for character in token[_PREFIX:]:
        number = number * len(_ALPHABET) + _ALPHABET.index(character)
    return number.to_bytes(_BYTES, "big")


def with_bytes(token: str, content: bytes) -> str:
    """A token of the same kind with these 256 bits."""
    number = int.from_bytes(content, "big")
    characters = []
    for _ in range(_LENGTH):
        number, digit = divmod(number, len(_ALPHABET))
        characters.append(_ALPHABET[digit])
    return token[:_PREFIX] + "".join(reversed(characters))


def with_session(token: str, session: int) -> str:
    """The same token claiming another session; its tag and check are wrong then."""
    content = token_bytes(token)
    return with_bytes(token, content[:1] + session.to_bytes(8, "big") + content[9:])


def with_key(token: str, key: int) -> str:
    content = token_bytes(token)
    return with_bytes(token, bytes([key]) + content[1:])
