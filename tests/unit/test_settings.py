"""Settings as operators write them: with a home directory, a database in the URI, brackets, a byte order mark."""

from __future__ import annotations

from pathlib import Path

import pytest

from chatserver.errors import EX_CONFIG, StartupError
from chatserver.guard import exposure
from chatserver.settings import load, sources

DB = "mongodb://db1/"


def mistake(flags: dict[str, str | None], environ: dict[str, str] | None = None) -> str:
    with pytest.raises(StartupError) as told:
        load(flags, environ or {})
    assert told.value.exit_code == EX_CONFIG
    return str(told.value)


@pytest.mark.parametrize("name", ["data_dir", "mongod", "tls_cert", "tls_key", "tls_ca"])
def test_a_tilde_in_any_path_is_the_home_directory(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    file = tmp_path / "chat.toml"
    beside = {"tls_cert": "cert.pem"} if name == "tls_key" else {}
    file.write_text(f'{name} = "~/c.pem"')
    for flags, environ in (
        ({name: "~/c.pem"}, {}),
        ({}, {f"CHATSERVER_{name.upper()}": "~/c.pem"}),
        ({"config": "~/chat.toml"}, {}),
    ):
        settings = load({**beside, **flags}, environ)
        assert str(getattr(settings, name)) == str(tmp_path / "c.pem")


def test_a_home_directory_of_nobody_is_told() -> None:
    assert "'~no-such-person/c.pem'" in mistake({"tls_cert": "~no-such-person/c.pem"})


@pytest.mark.parametrize(
    ("uri", "database"),
    [
        (f"{DB}shop", "shop"),
        (f"{DB}shop?replicaSet=rs0", "shop"),
        ("mongodb+srv://ann:p%40ss@cluster.example/sh%6Fp?tls=true", "shop"),
        ("mongodb://%2Ftmp%2Fm.sock/shop", "shop"),
        (DB, "chatserver"),
        ("mongodb://db1", "chatserver"),
        ("mongodb://ann:secret@db1/admin", "chatserver"),  # where the user is kept, and no place for data
        ("mongodb://db1/?appName=a@b/c", "chatserver"),
    ],
)
def test_the_database_that_the_uri_names_is_the_one_in_use(uri: str, database: str) -> None:
    assert load({"mongodb_uri": uri}, {}).mongodb_database == database
    if database == "shop":
        assert "--mongodb-uri" in sources({"mongodb_uri": uri}, {})["mongodb_database"]


def test_two_names_for_the_database_are_refused_and_the_same_name_twice_is_not() -> None:
    told = mistake({"mongodb_uri": f"{DB}shop"}, {"CHATSERVER_MONGODB_DATABASE": "chat"})
    assert "'shop'" in told and "'chat'" in told and "--mongodb-uri" in told
    assert load({"mongodb_uri": f"{DB}shop", "mongodb_database": "shop"}, {}).mongodb_database == "shop"


@pytest.mark.parametrize("password", ["secr@t", "se:cret", "se/cret", "se?cret", "100%secret", "a@b/c:d?e"])
def test_a_password_that_is_not_escaped_is_told_with_the_cure_and_not_shown(password: str) -> None:
    told = mistake({"mongodb_uri": f"mongodb://bert:{password}@db1:27017/chat?replicaSet=rs0"})
    assert "--mongodb-uri" in told and "%40" in told and "%2F" in told
    assert not any(part in told for part in ("secr", "cret", "bert", "a@b"))


@pytest.mark.parametrize(
    "uri", ["mongodb://ann:s%40%2F%3F%25@db1/?x=@", "mongodb://[::1]:27017,[::2]/chat", "mongodb://ann@db1/"]
)
def test_a_uri_without_such_signs_is_taken(uri: str) -> None:
    assert load({"mongodb_uri": uri}, {}).mongodb_uri == uri


def test_an_address_in_brackets_is_the_address() -> None:
    settings = load({"host": "[::1]", "admin_host": "[::]"}, {})
    assert (settings.host, settings.admin_host) == ("::1", "::")
    exposure.check(load({"host": "[::1]", "production": "true"}, {}))


def test_a_file_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    file = tmp_path / "chat.toml"
    file.write_bytes(b"\xef\xbb\xbfport = 9001\n")
    assert load({"config": str(file)}, {}).port == 9001


def test_a_file_in_another_encoding_is_told(tmp_path: Path) -> None:
    file = tmp_path / "chat.toml"
    file.write_bytes("port = 9001\n".encode("utf-16"))
    assert f"{file}: is not UTF-8" in mistake({"config": str(file)})


def test_settings_in_a_table_get_a_hint(tmp_path: Path) -> None:
    file = tmp_path / "chat.toml"
    file.write_text("[chatserver]\nport = 9001\n")
    told = mistake({"config": str(file)})
    assert "take the line [chatserver] out" in told and str(file) in told
    file.write_text("prot = 9001\n")
    assert "no such setting" in mistake({"config": str(file)})
