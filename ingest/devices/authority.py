"""A small certificate authority for devices: a certificate's common name is the login, and a list says who lost it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

AUTHORITY_DAYS = 7300
DEVICE_DAYS = 730

CLOCK_SKEW = timedelta(hours=1)
"""A logger's clock may be behind: certificates begin a little before they are made."""


class BadAuthority(ValueError):
    """The authority's files do not make one, or its key's password is wrong."""


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate that was made for a device, with its key, which is kept nowhere else."""

    serial: str
    """Hexadecimal."""
    until: datetime
    certificate: bytes
    """PEM: the certificate, then the authority's."""
    key: bytes = field(repr=False)
    """PEM, PKCS #8, not encrypted."""


class DeviceAuthority:
    """Issues certificates of devices and lists those that were revoked. Pure but for randomness: files are others'."""

    def __init__(self, certificate: x509.Certificate, key: CertificateIssuerPrivateKeyTypes) -> None:
        self._certificate = certificate
        self._key = key

    @classmethod
    def create(cls, *, name: str, now: datetime) -> "DeviceAuthority":
        """A new authority that may issue to devices and to nobody below it.

        Args:
            name: What people see as the issuer.
            now: Its first moment; it holds for 20 years.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        certificate = (
            _begin(subject, subject, key.public_key(), now=now, days=AUTHORITY_DAYS)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(signs_certificates=True), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .sign(key, hashes.SHA256())
        )
        return cls(certificate, key)

    @classmethod
    def load(cls, certificate: bytes, key: bytes, *, password: str | None = None) -> "DeviceAuthority":
        """The authority of two PEM texts.

        Raises:
            BadAuthority: they are none, do not belong together, or the password is missing or wrong.
        """
        try:
            loaded = x509.load_pem_x509_certificate(certificate)
            private = serialization.load_pem_private_key(key, password.encode() if password else None)
        except (ValueError, TypeError) as error:
            raise BadAuthority("not a certificate and its key in PEM, or the key's password is wrong") from error
        if not isinstance(private, ec.EllipticCurvePrivateKey) or private.public_key() != loaded.public_key():
            raise BadAuthority("the key is not that of the certificate")
        return cls(loaded, private)

    @property
    def certificate_pem(self) -> bytes:
        """What brokers trust devices by."""
        return self._certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def until(self) -> datetime:
        """Its last moment."""
        return self._certificate.not_valid_after_utc

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the certificate, to be compared by people."""
        return self._certificate.fingerprint(hashes.SHA256()).hex(":")

    def key_pem(self, *, password: str | None = None) -> bytes:
        """The key, encrypted when there is a password."""
        encryption: serialization.KeySerializationEncryption = serialization.NoEncryption()
        if password:
            encryption = serialization.BestAvailableEncryption(password.encode())
        return self._key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)

    def issue(self, login: str, *, now: datetime, days: int = DEVICE_DAYS) -> Issued:
        """A certificate with which a device logs in, and for nothing else.

        Args:
            login: The MN; of a monitor without one its outlet.
            now: Its first moment.
            days: How long it holds, at most as long as the authority.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, login)])
        own = x509.SubjectKeyIdentifier.from_public_key(self._certificate.public_key())
        builder = _begin(subject, self._certificate.subject, key.public_key(), now=now, days=days, latest=self.until)
        certificate = (
            builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(own), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        return Issued(
            serial=f"{certificate.serial_number:x}",
            until=certificate.not_valid_after_utc,
            certificate=certificate.public_bytes(serialization.Encoding.PEM) + self.certificate_pem,
            key=key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            ),
        )

    def revocations(self, revoked: Iterable[tuple[str, datetime]], *, now: datetime) -> bytes:
        """The list of revoked certificates (CRL) in PEM.

        It holds as long as the authority: it is brought to the broker whenever it changes, and a list that ran out
        would shut out every device at once.

        Args:
            revoked: Serial and moment of each.
            now: When the list is made.
        """
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self._certificate.subject)
            .last_update(now.astimezone(UTC) - CLOCK_SKEW)
            .next_update(self.until)
        )
        for serial, moment in revoked:
            entry = x509.RevokedCertificateBuilder().serial_number(int(serial, 16))
            builder = builder.add_revoked_certificate(entry.revocation_date(moment.astimezone(UTC)).build())
        return builder.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def _begin(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey,
    *,
    now: datetime,
    days: int,
    latest: datetime | None = None,
) -> x509.CertificateBuilder:
    ends = now.astimezone(UTC) + timedelta(days=days)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now.astimezone(UTC) - CLOCK_SKEW)
        .not_valid_after(ends if latest is None else min(ends, latest))
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
