"""From TOML text and an environment to `Settings`, or to a list of everything that is wrong."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from trioproxy.errors import ConfigurationError
from trioproxy.settings.merge import Merge
from trioproxy.settings.pem import PemCheck, unfit_files
from trioproxy.settings.problems import describe
from trioproxy.settings.sections import Settings
from trioproxy.settings.together import unfit_together

_NO_OPTIONS: Mapping[str, object] = {}
# Options of the command line that are not called like their keys.
_OPTIONS = {"ledger.url": "--ledger"}


def load(
    toml_text: str | None,
    file_name: str | None,
    environ: Mapping[str, str],
    *,
    options: Mapping[str, object] = _NO_OPTIONS,
    check: PemCheck | None = None,
) -> Settings:
    """The effective configuration: built-in defaults, then the file, then `environ`, then `options`.

    `options` are the command line's, by dotted key (`{"server.port": 8083}`). `check` looks at the PEM files.

    Raises:
        ConfigurationError: with one problem for each fault, all of them:
            `<file or variable>: <dotted key>: <what is wrong>; expected <what>`.
    """
    file, problems = _parse(toml_text or "", file_name or "configuration")
    merge = Merge(file, file_name or "configuration")
    merge.add_environment(environ)
    for key, value in options.items():
        option = _OPTIONS.get(key, f"--{key.rpartition('.')[2]}")
        merge.add(tuple(key.split(".")), value, f"option {option}")
    merge.complete_providers()
    problems += merge.problems
    problems += unfit_together(merge)
    settings = None
    try:
        settings = Settings.model_validate(merge.tables, context={"home": environ.get("HOME")})
    except ValidationError as error:
        problems += describe(error, merge)
    if check is not None:
        problems += unfit_files(merge, environ.get("HOME"), check)
    if problems or settings is None:
        raise ConfigurationError(problems)
    return settings


def _parse(text: str, file_name: str) -> tuple[dict[str, Any], list[str]]:
    try:
        return tomllib.loads(text), []
    except tomllib.TOMLDecodeError as error:
        # The position is in the message alone before Python 3.14.
        said = re.fullmatch(r"(.*) \(at (?:line (\d+), column (\d+)|end of document)\)", str(error), re.DOTALL)
        if said is None:
            return {}, [f"{file_name}: not valid TOML: {error}"]
        last = text.rpartition("\n")[2]
        line, column = said[2] or text.count("\n") + 1, said[3] or len(last) + 1
        return {}, [f"{file_name}: line {line}, column {column}: not valid TOML: {said[1]}"]
    except RecursionError:
        return {}, [f"{file_name}: not valid TOML: nested too deeply"]
