"""Which file is the configuration: `--config`, `$TRIOPROXY_CONFIG`, the user's own, none."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from trioproxy.errors import ConfigurationError
from trioproxy.settings.load import load
from trioproxy.settings.pem import PemCheck
from trioproxy.settings.sections import Settings

_NO_OPTIONS: Mapping[str, object] = {}


def find_config(option: str | None, environ: Mapping[str, str], exists: Callable[[Path], bool]) -> Path | None:
    """The configuration file, or None where built-in defaults apply.

    `option` (of the command line) comes first, then `$TRIOPROXY_CONFIG`, then
    `$XDG_CONFIG_HOME/trioproxy/config.toml`, with `~/.config` where the variable
    is unset, empty or relative (XDG Base Directory Specification).

    Raises:
        ConfigurationError: a file that was named is not there.
    """
    for name, origin in ((option, "the command line"), (environ.get("TRIOPROXY_CONFIG"), "$TRIOPROXY_CONFIG")):
        if name:
            path = _expand(name, environ)
            if not exists(path):
                raise ConfigurationError(
                    [f"{path}: no such file; expected the configuration, which {origin} says is there"]
                )
            return path
    folder = environ.get("XDG_CONFIG_HOME", "")
    if not folder.startswith("/"):
        if not environ.get("HOME"):
            return None
        folder = environ["HOME"] + "/.config"
    usual = Path(folder) / "trioproxy" / "config.toml"
    return usual if exists(usual) else None


def resolve(
    option: str | None,
    environ: Mapping[str, str],
    *,
    exists: Callable[[Path], bool],
    read: Callable[[Path], bytes],
    check: PemCheck | None = None,
    options: Mapping[str, object] = _NO_OPTIONS,
) -> Settings:
    """Find the file, read it through `read`, load it, and look at the PEM files it names through `check`.

    `exists`, `read` and `check` are the caller's (`Path.exists`, `Path.read_bytes`, `app.certificates.fault`), so
    that nothing here touches a disk.

    Raises:
        ConfigurationError: all that is wrong.
    """
    path = find_config(option, environ, exists)
    text = None if path is None else _text(path, read)
    return load(text, str(path) if path else None, environ, options=options, check=check)


def _text(path: Path, read: Callable[[Path], bytes]) -> str:
    try:
        return read(path).decode("utf-8-sig")
    except OSError as error:
        raise ConfigurationError([f"{path}: cannot be read: {error.strerror}; expected a TOML file"]) from None
    except UnicodeDecodeError as error:
        raise ConfigurationError([f"{path}: not UTF-8 at byte {error.start}; expected a TOML file"]) from None


def _expand(name: str, environ: Mapping[str, str]) -> Path:
    home = environ.get("HOME")
    return Path(home + name[1:]) if home and name.startswith("~/") else Path(name)
