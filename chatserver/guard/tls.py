"""TLS contexts from files that an operator names; whatever is wrong with them is told in one line."""

from __future__ import annotations

import ssl
from pathlib import Path

from chatserver.errors import EX_CONFIG, StartupError


def server_context(cert: str, key: str) -> ssl.SSLContext:
    """For our listener, TLS 1.2 at least. `key` may be empty when `cert` holds both. Raises StartupError."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    _readable(cert, "--tls-cert")
    if key:
        _readable(key, "--tls-key")
    try:
        context.load_cert_chain(cert, key or None, password=_no_password)
    except ssl.SSLError as error:
        if "KEY_VALUES_MISMATCH" in str(error):
            problem = "the key does not belong to the certificate"
        else:
            problem = "both must be PEM: the certificate with its chain, and its private key"
        raise StartupError(f"--tls-cert {cert}, --tls-key {key or cert}: {problem}", EX_CONFIG) from None
    except ValueError:
        raise StartupError(
            f"--tls-key {key or cert}: is protected by a passphrase; give one without (openssl pkey -in … -out …)",
            EX_CONFIG,
        ) from None
    return context


def client_context(ca: str) -> ssl.SSLContext:
    """For what we connect to: its certificate is always checked, against `ca` where given. Raises StartupError."""
    if not ca:
        return ssl.create_default_context()
    _readable(ca, "--tls-ca")
    try:
        return ssl.create_default_context(cafile=ca)
    except ssl.SSLError:
        raise StartupError(f"--tls-ca {ca}: holds no certificate in PEM form", EX_CONFIG) from None


def _readable(path: str, flag: str) -> None:
    try:
        with Path(path).open("rb"):
            pass
    except OSError as error:
        raise StartupError(f"{flag} {path}: {error.strerror}", EX_CONFIG) from None


def _no_password() -> str:
    raise ValueError("OpenSSL would ask on the terminal")
