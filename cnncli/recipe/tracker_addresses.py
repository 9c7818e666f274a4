"""The address of an MLflow server or database: what is wrong with one, and how it reads without its password."""

from __future__ import annotations

from urllib.parse import urlsplit, urlunsplit

from cnncli.messages import described, did_you_mean

_SCHEMES = ("http", "https", "sqlite", "postgresql", "mysql", "mssql", "databricks")
_EXAMPLES = "`http://localhost:5000`, or `sqlite:///runs.db` for a file"


def fault_of_uri(uri: str) -> tuple[str, str] | None:
    """What is wrong with an address, and what to do about it; None where nothing is."""
    if uri == "databricks":
        return None
    scheme, separator, _ = uri.partition(":")
    known = scheme.partition("+")[0].lower() if separator else ""
    if known == "file" or "://" not in uri:
        return f"expected the address of a server or a database, got {described(uri)}", f"for example {_EXAMPLES}"
    if known not in _SCHEMES:
        hint = "\n".join(filter(None, [did_you_mean(known, _SCHEMES), f"for example {_EXAMPLES}"]))
        return f"unknown kind of address `{known}`", hint
    if without_password(uri) != uri:
        variables = "MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD" if known in ("http", "https") else ""
        return "a password does not belong in an address", f"set it with {variables or 'MLFLOW_TRACKING_URI'}"
    return None


def without_password(uri: str) -> str:
    """An address without the name and the password of a user."""
    try:
        parts = urlsplit(uri)
    except ValueError:
        return uri
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2])) if "@" in parts.netloc else uri
