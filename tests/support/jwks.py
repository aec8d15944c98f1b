"""The application's address of its public keys, as the tests play it; and keys of every kind."""

from __future__ import annotations

import json
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from tornado.httpserver import HTTPServer
from tornado.web import Application, RequestHandler

Made = Any  # a private key of any kind
MAKERS = {
    "RS256": lambda: rsa.generate_private_key(65537, 2048),
    "ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "EdDSA": ed25519.Ed25519PrivateKey.generate,
}


def pem(key: Made) -> bytes:
    return bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))


def jwk(algorithm: str, kid: str, key: Made, **more: Any) -> dict[str, Any]:
    public = jwt.get_algorithm_by_name(algorithm).to_jwk(key.public_key(), as_dict=True)  # type: ignore[attr-defined]
    return {**public, "kid": kid, "alg": algorithm, "use": "sig", **more}


class JwksHost:
    """`keys` is what stands there. Needs a running loop."""

    def __init__(self, port: int) -> None:
        self.keys: list[Any] = []
        self.asked = 0
        self.status = 200
        self._server = HTTPServer(
            Application([("/jwks.json", _Keys, {"host": self})], log_function=lambda _: None)
        )
        self._server.listen(port, "127.0.0.1")

    async def close(self) -> None:
        self._server.stop()
        await self._server.close_all_connections()


class _Keys(RequestHandler):
    def initialize(self, host: JwksHost) -> None:
        self.host = host

    def get(self) -> None:
        self.host.asked += 1
        self.set_status(self.host.status)
        self.finish(json.dumps({"keys": self.host.keys}))
