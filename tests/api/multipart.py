"""multipart/form-data written by hand, so that it can also be written wrongly."""

from __future__ import annotations

from typing import Any

BOUNDARY = "a-boundary-of-the-tests"


def multipart(
    fields: dict[str, str], *files: tuple[str, bytes, str], field: str = "attachment", end: str = "--"
) -> dict[str, Any]:
    """The `body` and `headers` of a request; a file is (name as it stands in the header, content, type)."""
    parts = [
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    for name, content, kind in files:
        head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{field}"; filename="{name}"\r\n'
        head += f"Content-Type: {kind}\r\n\r\n"
        parts.append(head.encode() + content + b"\r\n")
    body = b"".join(parts) + f"--{BOUNDARY}{end}\r\n".encode()
    return {"body": body, "headers": {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}}
