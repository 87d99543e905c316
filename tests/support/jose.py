"""Signed tokens (RFC 7515), as a client checks them with the published keys."""

import base64
import json

from Crypto.Hash import SHA256
from Crypto.PublicKey import ECC, RSA
from Crypto.Signature import DSS, pkcs1_15


def encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def number(text: str) -> int:
    return int.from_bytes(decode(text), "big")


def verified(token: str, keys: list[dict]) -> tuple[dict, dict]:
    """Header and claims of a token that one of the keys has signed."""
    header, claims, signature = token.split(".")
    head = json.loads(decode(header))
    [key] = [key for key in keys if key["kid"] == head["kid"]]
    digest = SHA256.new(f"{header}.{claims}".encode())
    if head["alg"] == "RS256":
        rsa = RSA.construct((number(key["n"]), number(key["e"])))
        pkcs1_15.new(rsa).verify(digest, decode(signature))
    else:
        point = ECC.construct(curve="P-256", point_x=number(key["x"]), point_y=number(key["y"]))
        DSS.new(point, "fips-186-3").verify(digest, decode(signature))
    return head, json.loads(decode(claims))


def half_hash(text: str) -> str:
    return encode(SHA256.new(text.encode()).digest()[:16])
