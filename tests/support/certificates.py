"""A throw-away authority and what it signs, as files."""

from __future__ import annotations

from pathlib import Path

import trustme


class Authority:
    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._authority = trustme.CA()
        self.certificate = str(directory / "ca.pem")
        self._authority.cert_pem.write_to_path(self.certificate)

    def issue(self, name: str, *identities: str) -> tuple[str, str, str]:
        """(certificate, key, both in one) of a server at these names and addresses."""
        made = self._authority.issue_cert(*identities)
        cert, key, both = (str(self._directory / f"{name}.{part}.pem") for part in ("cert", "key", "both"))
        made.cert_chain_pems[0].write_to_path(cert)
        made.private_key_pem.write_to_path(key)
        made.private_key_and_cert_chain_pem.write_to_path(both)
        return cert, key, both
