"""What is wrong with PEM files, as OpenSSL finds it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from trioproxy.app.certificates import fault

NO_CERTIFICATE = "it holds no certificate that can be read"
NO_KEY = "it holds no private key that can be read"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pem")
    authority = trustme.CA()
    mine, other = authority.issue_cert("localhost"), authority.issue_cert("localhost")
    other_kind = authority.issue_cert("localhost", key_type=trustme.KeyType.RSA)
    weak, weak_certificate = _weak()
    key = serialization.load_pem_private_key(mine.private_key_pem.bytes(), None)
    files = {
        "ca": authority.cert_pem.bytes(),
        "cert": mine.cert_chain_pems[0].bytes(),
        "key": mine.private_key_pem.bytes(),
        "both": mine.private_key_and_cert_chain_pem.bytes(),
        "other key": other.private_key_pem.bytes(),
        "RSA key": other_kind.private_key_pem.bytes(),
        "locked key": key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"secret"),
        ),
        "weak": weak.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + weak_certificate.public_bytes(serialization.Encoding.PEM),
        "half cert": mine.cert_chain_pems[0].bytes()[:300],
        "half key": mine.private_key_pem.bytes()[:100],
        "text": b"hello",
        "nothing": b"",
    }
    for name, data in files.items():
        (folder / name).write_bytes(data)
    (folder / "folder").mkdir()
    return folder


def _weak() -> tuple[rsa.RSAPrivateKey, x509.Certificate]:
    """A pair of a size that OpenSSL does not serve with."""
    key = rsa.generate_private_key(65537, 1024)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    certificate = (
        x509.CertificateBuilder(issuer_name=name, subject_name=name, public_key=key.public_key(), serial_number=1)
        .not_valid_before(datetime(2026, 1, 1))
        .not_valid_after(datetime(2027, 1, 1))
        .sign(key, hashes.SHA256())
    )
    return key, certificate


@pytest.mark.parametrize("kind", ["ca_file", "certfile"])
@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("ca", None),
        ("cert", None),
        ("both", None),
        ("key", NO_CERTIFICATE),
        ("half cert", NO_CERTIFICATE),
        ("text", NO_CERTIFICATE),
        ("nothing", NO_CERTIFICATE),
        ("folder", "it cannot be read: Is a directory"),
        ("missing", "no such file"),
        ("\0", "no such file"),
    ],
)
def test_certificates(kind: str, name: str, said: str | None, folder: Path):
    assert fault(kind, folder / name, None) == said


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("key", None),
        ("both", None),
        ("other key", "it does not fit the certificate"),
        ("RSA key", "it does not fit the certificate"),
        ("locked key", "it is locked with a password"),
        ("half key", NO_KEY),
        ("cert", NO_KEY),
        ("text", NO_KEY),
        ("nothing", NO_KEY),
        ("folder", "it cannot be read: Is a directory"),
        ("missing", "no such file"),
    ],
)
def test_keys(name: str, said: str | None, folder: Path):
    assert fault("keyfile", folder / name, folder / "cert") == said


@pytest.mark.parametrize(
    ("name", "said"), [("key", None), ("other key", None), ("text", NO_KEY), ("missing", "no such file")]
)
def test_a_key_without_its_certificate_is_looked_at_alone(name: str, said: str | None, folder: Path):
    assert fault("keyfile", folder / name, None) == said


def test_a_pair_that_is_refused_for_another_reason(folder: Path):
    assert fault("certfile", folder / "weak", None) is None
    assert fault("keyfile", folder / "weak", folder / "weak") == "OpenSSL refuses the pair: ee key too small"
