"""Settings of an embedded chat: an operator's mistake is told before anything starts."""

from __future__ import annotations

import pytest

from chatserver.errors import StartupError
from chatserver.settings import load


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("host_secret", "too short"),
        ("frame_ancestors", "https://shop.example.org; script-src *"),
        ("frame_ancestors", "*"),
        ("cors_origins", "shop.example.org"),
        ("cors_origins", "https://shop.example.org/"),
    ],
)
def test_a_key_too_short_and_what_is_no_origin_are_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(StartupError) as told:
        load({name: value}, {})
    assert name.replace("_", "-") in str(told.value)
    if name == "host_secret":
        assert value not in str(told.value)


def test_origins_are_separated_by_commas() -> None:
    settings = load({"frame_ancestors": "https://a.example, http://localhost:3000,http://[::1]:80"}, {})
    assert settings.frame_ancestors == ("https://a.example", "http://localhost:3000", "http://[::1]:80")
