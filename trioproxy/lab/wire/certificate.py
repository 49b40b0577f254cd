"""A certificate for the targets that speak TLS, signed by an authority that exists for one run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from trioproxy.lab.wire.trouble import TargetTrouble


def make_certificate(folder: Path) -> Mapping[str, str]:
    """Paths of `certfile`, `keyfile`, `pemfile` (both) and `cafile` in `folder`, for localhost and 127.0.0.1.

    Raises:
        TargetTrouble: trustme, which makes it, is not installed.
    """
    try:
        import trustme
    except ImportError:
        raise TargetTrouble("a certificate needs trustme: pip install 'trioproxy[lab]'", for_good=True) from None
    authority = trustme.CA()
    issued = authority.issue_cert("localhost", "127.0.0.1")
    paths = {name: folder / f"{name}.pem" for name in ("certfile", "keyfile", "cafile")}
    for number, blob in enumerate(issued.cert_chain_pems):
        blob.write_to_path(str(paths["certfile"]), append=number > 0)
    issued.private_key_pem.write_to_path(str(paths["keyfile"]))
    paths["pemfile"] = folder / "pemfile.pem"
    paths["pemfile"].write_bytes(paths["certfile"].read_bytes() + paths["keyfile"].read_bytes())
    authority.cert_pem.write_to_path(str(paths["cafile"]))
    return {name: str(path) for name, path in paths.items()}
