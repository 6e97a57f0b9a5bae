"""A real Kubernetes API server with its etcd: it checks, admits and keeps objects, and runs nothing."""

import json
import os
import secrets
import shutil
import ssl
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from deploy.engines.cache import cache_root, installed, progress
from deploy.engines.go_modules import get_module
from deploy.engines.process import Child, running
from deploy.engines.toolchain import build, output, program
from stackwatch.embedded.ports import free_port

VERSION = "1.34.4"
MODULE = "k8s.io/kubernetes"
MODULE_SUM = "h1:Yy6R4QB8C9kJPp25GFqEvX5XQwY5qzKeqD0Xx6oAcmk="
"""Go's own hash of the module's source, as in a go.sum."""
ETCD = "go.etcd.io/etcd/server/v3"
"""The database, in the version that Kubernetes itself is tested with: its go.mod names it."""

_report = partial(progress, "kubernetes")


@dataclass(frozen=True, slots=True, kw_only=True)
class KubernetesEngine:
    """A running API server, and a file with an administrator's way in. No node, no scheduler, no controller."""

    url: str
    kubeconfig: Path
    process: Child

    @property
    def env(self) -> dict[str, str]:
        """What ``kubectl`` is told to use this engine."""
        return {"KUBECONFIG": str(self.kubeconfig)}


@contextmanager
def kubernetes(data_dir: Path) -> Iterator[KubernetesEngine]:
    """An API server on a loopback port, ready; the same folder again gives the same objects.

    Raises:
        EngineError: it could not be built or does not start.
    """
    home = installed("kubernetes", version=VERSION, source=MODULE_SUM, make=_make)
    data = data_dir.absolute()
    data.mkdir(parents=True, exist_ok=True)
    with _etcd(home / "etcd", data) as etcd:
        port = free_port()
        url = f"https://127.0.0.1:{port}"
        ready = partial(_answers, f"{url}/readyz", certificate=data / "certificates" / "apiserver.crt")
        command = [str(home / "kube-apiserver"), *_options(data, port=port, etcd=etcd)]
        with running("kube-apiserver", command, log=data / "apiserver.log", ready=ready) as child:
            yield KubernetesEngine(url=url, kubeconfig=_kubeconfig(data, url), process=child)


@contextmanager
def _etcd(binary: Path, data: Path) -> Iterator[str]:
    client, peer = (f"http://127.0.0.1:{free_port()}" for _ in range(2))
    command = [
        str(binary),
        f"--data-dir={data / 'etcd'}",
        f"--listen-client-urls={client}",
        f"--advertise-client-urls={client}",
        f"--listen-peer-urls={peer}",
        f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster=default={peer}",
        "--log-level=warn",
        # A trial's objects may be lost with the machine.
        "--unsafe-no-fsync",
    ]
    with running("etcd", command, log=data / "etcd.log", ready=partial(_answers, f"{client}/readyz")):
        yield client


def _options(data: Path, *, port: int, etcd: str) -> list[str]:
    key = data / "service-account.key"
    if not key.exists():
        key.touch(mode=0o600)
        private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        key.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()))
    return [
        f"--etcd-servers={etcd}",
        "--bind-address=127.0.0.1",
        f"--secure-port={port}",
        f"--cert-dir={data / 'certificates'}",
        f"--token-auth-file={_token_file(data)}",
        "--authorization-mode=RBAC",
        # As on every real cluster: what pods may do is for admission to say.
        "--allow-privileged=true",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-account-key-file={key}",
        f"--service-account-signing-key-file={key}",
        "--service-cluster-ip-range=10.96.0.0/16",
        # Nobody would follow these: there is no node, and no controller that makes service accounts.
        "--endpoint-reconciler-type=none",
        "--disable-admission-plugins=ServiceAccount",
    ]


def _token_file(data: Path) -> Path:
    file = data / "tokens.csv"
    if not file.exists():
        file.touch(mode=0o600)
        file.write_text(f"{secrets.token_urlsafe(32)},administrator,administrator,system:masters\n")
    return file


def _kubeconfig(data: Path, url: str) -> Path:
    """The administrator's way in, as ``kubectl`` reads it (JSON is YAML)."""
    certificate = str(data / "certificates" / "apiserver.crt")
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "engine",
        "clusters": [{"name": "engine", "cluster": {"server": url, "certificate-authority": certificate}}],
        "users": [{"name": "administrator", "user": {"token": _token_file(data).read_text().split(",")[0]}}],
        "contexts": [{"name": "engine", "context": {"cluster": "engine", "user": "administrator"}}],
    }
    file = data / "kubeconfig"
    file.touch(mode=0o600)
    file.write_text(json.dumps(config, indent=1))
    return file


def _answers(url: str, *, certificate: Path | None = None) -> bool:
    try:
        context = ssl.create_default_context(cafile=certificate) if certificate is not None else None
        with urllib.request.urlopen(url, timeout=2, context=context) as reply:  # noqa: S310 - our own loopback address
            return bool(reply.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _make(target: Path) -> None:
    go = program("go", package="Go 1.24 or newer")
    _report(f"getting {MODULE}@v{VERSION}")
    module = get_module(MODULE, version=f"v{VERSION}", checksum=MODULE_SUM)
    with tempfile.TemporaryDirectory(prefix="kubernetes-build.", dir=cache_root()) as workshop:
        source = Path(workshop) / "source"
        shutil.copytree(module, source)
        for path in [source, *source.rglob("*")]:
            path.chmod(path.stat().st_mode | 0o200)
        output([go, "mod", "edit", *_published_parts(go, source)], cwd=source, env={"GOWORK": "off"})
        _report(f"compiling kube-apiserver {VERSION} and etcd, once: some 6 minutes on two cores")
        build(
            [
                go,
                "build",
                "-v",
                "-buildvcs=false",
                "-ldflags",
                _stamp(),
                "-o",
                f"{target}/",
                "./cmd/kube-apiserver",
                ETCD,
            ],
            cwd=source,
            env={"GOWORK": "off", "GOFLAGS": f"{os.environ.get('GOFLAGS', '')} -mod=mod".strip(), "CGO_ENABLED": "0"},
            log=cache_root() / "kubernetes-build.log",
            report=_report,
        )
    (target / "server").rename(target / "etcd")
    _report("built")


def _published_parts(go: str, source: Path) -> list[str]:
    """Edits that take the parts kept in Kubernetes' own repository from where each is published by itself."""
    listed = json.loads(output([go, "mod", "edit", "-json"], cwd=source, env={"GOWORK": "off"}))
    replaced = [part["Old"]["Path"] for part in listed.get("Replace") or []]
    own = [part["Path"] for part in listed["Require"] if part["Version"] == "v0.0.0"]
    published = f"v0.{VERSION.split('.', 1)[1]}"
    return [f"-dropreplace={path}" for path in replaced] + [f"-require={path}@{published}" for path in own]


def _stamp() -> str:
    """Linker flags that make the server say its version, as a release build does."""
    package = "k8s.io/component-base/version"
    major, minor, _ = VERSION.split(".")
    stamps = {"gitVersion": f"v{VERSION}", "gitMajor": major, "gitMinor": minor}
    return " ".join(["-s -w", *(f"-X {package}.{name}={value}" for name, value in stamps.items())])
