"""Part of ``make check``: writes the bill of materials, judges licences, asks for vulnerabilities.

Exit code 1: something is wrong; or nothing could be asked and STACKWATCH_AUDIT=required says that it must be.
"""

import os
import sys
from pathlib import Path

from deploy.supply_chain.audit import audit
from deploy.supply_chain.bill import ROOT, bill_of
from deploy.supply_chain.licences import licence_of, may_be_shipped
from deploy.supply_chain.lock import LOCK, installed, needed, read_lock

BILL = Path("build/sbom.cdx.json")
STRICT = os.environ.get("STACKWATCH_AUDIT") == "required"


def main() -> int:
    """Do all three; every finding is one line."""
    pins = read_lock(LOCK.read_text(encoding="utf-8"))
    BILL.parent.mkdir(exist_ok=True)
    BILL.write_text(bill_of(pins), encoding="utf-8")
    print(f"bill of materials: {len(pins)} packages with hashes and licences in {BILL}")
    here, shipped = installed(), needed(ROOT, ("demo",))
    wrong = [
        f"licence: {pin.name} is under {licence}, and is shipped"
        for pin in pins
        if pin.name in shipped and not may_be_shipped(licence := licence_of(pin.name, here.get(pin.name)))
    ]
    found = audit(pins)
    wrong += [f"vulnerable: {line}" for line in found.vulnerable]
    if found.unseen:
        print(
            f"!!! NOT AUDITED for known vulnerabilities, not all of the {len(pins)} packages: {found.unseen[0]}.\n"
            "!!! That is no clean bill: run `make check` where PyPI's vulnerability service can be reached, with "
            "STACKWATCH_AUDIT=required.",
            file=sys.stderr,
        )
        wrong += ["audit: required, and could not be done"] * STRICT
    elif not found.vulnerable:
        print(f"audit: none of the {len(pins)} packages has a known vulnerability")
    for line in wrong:
        print(line, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
