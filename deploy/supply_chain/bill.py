"""The bill of materials (SBOM) in CycloneDX: every pin of the lock, with the hashes of its files and its licence."""

import uuid
from collections.abc import Iterable
from importlib.metadata import version

from cyclonedx.model import ExternalReference, ExternalReferenceType, HashAlgorithm, HashType, XsUri
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentScope, ComponentType
from cyclonedx.model.license import LicenseExpression
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL

from deploy.supply_chain.licences import licence_of
from deploy.supply_chain.lock import Pin, direct, installed, needed

ROOT = "stackwatch"


class BadBill(ValueError):
    """What was written is no CycloneDX document."""


def bill_of(pins: Iterable[Pin]) -> str:
    """The bill as JSON, checked against CycloneDX's own schema.

    Packages that only tests and tools need are in it with the scope ``excluded``.

    Raises:
        BadBill: the schema refuses it.
        UnknownLicence: of a package nobody knows its licence.
    """
    listed = list(pins)
    here, shipped = installed(), needed(ROOT, ("demo",))
    root = Component(
        name=ROOT,
        version=version(ROOT),
        type=ComponentType.APPLICATION,
        bom_ref=ROOT,
        licenses=[LicenseExpression("Apache-2.0")],
    )
    # The same lock is the same bill.
    name = "\n".join(f"{pin.name}=={pin.version} {' '.join(pin.hashes)}" for pin in listed)
    bom = Bom(serial_number=uuid.uuid5(uuid.NAMESPACE_URL, name))
    bom.metadata.component = root
    # A package may be pinned more than once, for different places.
    components: dict[str, list[Component]] = {}
    for pin in listed:
        component = _component(pin, licence_of(pin.name, here.get(pin.name)), shipped)
        components.setdefault(pin.name, []).append(component)
        bom.components.add(component)

    def needs(name: str) -> list[Component]:
        return [component for one in sorted(direct(name)) for component in components.get(one, ())]

    bom.register_dependency(root, needs(ROOT))
    for name, same in components.items():
        for component in same:
            bom.register_dependency(component, needs(name))
    text = JsonV1Dot6(bom).output_as_string(indent=1)
    if (wrong := JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)) is not None:
        raise BadBill(str(wrong))
    return text


def _component(pin: Pin, licence: str, shipped: set[str]) -> Component:
    purl = PackageURL("pypi", name=pin.name, version=pin.version)
    files = ExternalReference(
        type=ExternalReferenceType.DISTRIBUTION,
        url=XsUri(purl.to_string()),
        comment="hashes of all files that may be installed",
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=digest) for digest in pin.hashes],
    )
    return Component(
        name=pin.name,
        version=pin.version,
        type=ComponentType.LIBRARY,
        bom_ref=purl.to_string(),
        purl=purl,
        scope=ComponentScope.REQUIRED if pin.name in shipped else ComponentScope.EXCLUDED,
        licenses=[LicenseExpression(licence)],
        external_references=[files],
    )
