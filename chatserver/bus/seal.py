"""Bells are sealed on the broker: nobody there can read one, change one, or make one that is believed.

Sealed form: the key's id (one octet), the sealer (eight, at random), its number of this bell (four), AES-256-GCM of the
rest. Sealer and number together are the nonce, which therefore never comes twice under one key. A sealer's numbers go
up, so a node opens each bell once: what is recorded and played again does not open.
"""

from __future__ import annotations

import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
KEY_ID = b"\x01"  # there is one key as yet; another one's bells would begin with another id
SEALER_BYTES = 8
NUMBER_BYTES = 4
LAST_NUMBER = (1 << 8 * NUMBER_BYTES) - 1
HEAD_BYTES = len(KEY_ID) + SEALER_BYTES + NUMBER_BYTES
SEALERS = 10_000  # whose numbers are remembered; only who has the key gets in here


class Seal:
    """One life of one node: `open` of another life's `seal` works with the same key."""

    def __init__(self, key: bytes) -> None:
        """ValueError for a key that is not of KEY_BYTES."""
        if len(key) != KEY_BYTES:
            raise ValueError(f"a key of {len(key)} bytes, not {KEY_BYTES}")
        self._cipher = AESGCM(key)
        self._sealer = secrets.token_bytes(SEALER_BYTES)
        self._number = 0
        self._opened: dict[bytes, int] = {}  # sealer → the highest number

    def seal(self, bell: bytes) -> bytes:
        """To be sent in this order: what is overtaken by a later one does not open any more."""
        if self._number == LAST_NUMBER:
            self._sealer, self._number = secrets.token_bytes(SEALER_BYTES), 0
        self._number += 1
        nonce = self._sealer + self._number.to_bytes(NUMBER_BYTES, "big")
        return KEY_ID + nonce + self._cipher.encrypt(nonce, bell, KEY_ID)

    def open(self, sealed: bytes) -> bytes:
        """ValueError for what was not sealed with this key, or was opened before."""
        if sealed[:1] != KEY_ID:
            raise ValueError("not sealed")
        nonce = sealed[1:HEAD_BYTES]
        try:
            bell = self._cipher.decrypt(nonce, sealed[HEAD_BYTES:], KEY_ID)
        except InvalidTag:
            raise ValueError("not sealed with our key") from None
        sealer, number = nonce[:SEALER_BYTES], int.from_bytes(nonce[SEALER_BYTES:], "big")
        if number <= self._opened.get(sealer, 0):
            raise ValueError("opened before")
        self._opened[sealer] = number
        if len(self._opened) > SEALERS:
            del self._opened[next(iter(self._opened))]
        return bell
