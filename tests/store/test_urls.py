"""What a URL says about where a database is."""

from __future__ import annotations

from pathlib import Path

import pytest

from augury.errors import SettingsError
from augury.store.urls import DuckDBFile, file_of, missing_folder, parse_url


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("duckdb:///calls.duckdb", "calls.duckdb"),
        ("duckdb:///data/calls.duckdb", "data/calls.duckdb"),
        ("duckdb:////var/lib/calls.duckdb", "/var/lib/calls.duckdb"),
        ("duckdb:///my%20calls.duckdb", "my calls.duckdb"),
        ("duckdb:///gr%C3%B6%C3%9Fe.duckdb", "größe.duckdb"),
        ("duckdb:///../calls.duckdb", "../calls.duckdb"),
        ("calls.duckdb", "calls.duckdb"),
        ("/var/lib/calls.duckdb", "/var/lib/calls.duckdb"),
        ("100%.duckdb", "100%.duckdb"),
        ("my calls.duckdb", "my calls.duckdb"),
    ],
)
def test_a_url_or_a_path_names_a_file(url: str, path: str) -> None:
    assert parse_url(url) == DuckDBFile(Path(path))


@pytest.mark.parametrize("url", ["duckdb:///~/calls.duckdb", "~/calls.duckdb"])
def test_a_tilde_is_the_users_home(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/srv/anna")

    assert file_of(url) == Path("/srv/anna/calls.duckdb")


@pytest.mark.parametrize("path", ["calls.duckdb", "/var/lib/calls.duckdb", "my calls.duckdb"])
def test_a_file_is_written_as_the_url_that_names_it(path: str) -> None:
    file = DuckDBFile(Path(path))

    assert parse_url(str(file)) == file


def test_a_file_with_a_percent_sign_is_written_as_the_url_that_names_it() -> None:
    file = DuckDBFile(Path("/tmp/50%25.duckdb"))  # noqa: S108 - nothing is written there

    assert parse_url(str(file)) == file


@pytest.mark.parametrize(
    "url", ["", "duckdb:///", "duckdb:", "duckdb://calls.duckdb", "mysql://host/db", "http://host/"]
)
def test_what_names_no_file_is_refused_with_an_example(url: str) -> None:
    with pytest.raises(SettingsError, match="duckdb:///PATH"):
        parse_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "clickhouse://anna:secret@host/db",
        "chdb:///calls",
    ],
)
def test_engines_that_are_planned_are_refused_by_name(url: str) -> None:
    with pytest.raises(SettingsError, match="not supported yet") as refusal:
        parse_url(url)

    assert str(refusal.value).startswith(url.split(":", 1)[0])


@pytest.mark.parametrize(
    "url",
    ["mysql://anna:secret@host/db", "postgresql+psycopg://anna:secret@host/db"],
)
def test_a_password_is_not_repeated(url: str) -> None:
    with pytest.raises(SettingsError) as refusal:
        parse_url(url)

    assert "secret" not in str(refusal.value)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://anna:secret@host:5433/db", "postgresql://anna@host:5433/db"),
        ("postgres://anna:se%40cret@host/db?sslmode=require", "postgres://anna@host/db"),
        ("postgresql://host/db?user=anna&password=secret&port=6543", "postgresql://host/db?user=anna&port=6543"),
        ("postgresql:///db?host=%2Ftmp&sslpassword=secret", "postgresql:///db?host=%2Ftmp"),
        ("postgresql://a@b:secret@host/db", "postgresql://a@host/db"),
    ],
)
def test_a_server_is_named_without_what_is_secret(url: str, shown: str) -> None:
    assert str(parse_url(url)) == shown
    assert file_of(url) is None


def test_a_missing_folder_is_to_be_created() -> None:
    assert missing_folder(Path("/no/such/calls.duckdb")) == (
        "there is no folder /no/such; create it, or name another file"
    )
    assert "create it" in missing_folder(Path("no-such-folder/calls.duckdb"))


def test_a_missing_folder_that_exists_from_the_root_gets_its_fourth_slash() -> None:
    assert missing_folder(Path("usr/lib/calls.duckdb")) == (
        "there is no folder usr/lib here; for the absolute path /usr/lib/calls.duckdb "
        "write duckdb:////usr/lib/calls.duckdb (four slashes)"
    )
