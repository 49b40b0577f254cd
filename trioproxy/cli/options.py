"""Options that several commands share, and how they become settings."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

if TYPE_CHECKING:
    from trioproxy.settings import PemKey, Settings

ConfigFile = Annotated[
    str | None,
    Parameter(
        name="--config",
        help="Configuration file; else $TRIOPROXY_CONFIG, else ~/.config/trioproxy/config.toml, else defaults.",
    ),
]
AUTHORITIES: tuple[PemKey, ...] = ("ca_file",)
PEM_FILES: tuple[PemKey, ...] = ("certfile", "keyfile", *AUTHORITIES)


def settings_from(
    config: str | None, options: Mapping[str, object] | None = None, *, reads: Collection[PemKey] = ()
) -> Settings:
    """The effective configuration; `options` by dotted key, None where one was not given.

    `reads` are the keys of the PEM files that the command will need; no others are looked at: a ledger may
    be read by people who may not read the server's key.

    Raises:
        ConfigurationError: all that is wrong with it.
    """
    from trioproxy.app.certificates import fault
    from trioproxy.settings import resolve

    def check(key: PemKey, file: Path, certificate: Path | None) -> str | None:
        return fault(key, file, certificate) if key in reads else None

    given = {key: value for key, value in (options or {}).items() if value is not None}
    return resolve(config, os.environ, exists=Path.exists, read=Path.read_bytes, check=check, options=given)
