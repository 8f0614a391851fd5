"""Measures the estimator: a preview of so many resources is made, read, priced and written as JSON.

    python -m lyceum_stacks.cost.probe 1000

prints a JSON object: `resources`, `seconds` (of reading, pricing and writing) and `peak_mib` (of the process).
"""

from __future__ import annotations

import json
import resource
import sys
import time
from datetime import UTC, datetime
from typing import Any

ZONES = ("europe-west4-a", "europe-west4-b", "us-central1-a", "europe-west1-b")
TYPES = ("n2-standard-4", "e2-medium", "n2-custom-8-32768", "c3-standard-4")


def preview(count: int) -> dict[str, Any]:
    """A preview of a new stack with so many resources: machines, disks, buckets and what costs nothing."""
    stack = "urn:pulumi:probe::probe::pulumi:pulumi:Stack::probe-probe"
    steps = [{"op": "create", "urn": stack, "newState": {"urn": stack, "custom": False, "type": "pulumi:pulumi:Stack"}}]
    for number in range(count):
        kind, inputs = _resource(number)
        urn = f"urn:pulumi:probe::probe::{kind}::r{number}"
        state = {
            "urn": urn,
            "custom": True,
            "type": kind,
            "inputs": inputs,
            "parent": stack,
            "propertyDependencies": {},
        }
        steps.append({"op": "create", "urn": urn, "newState": state})
    return {"steps": steps, "diagnostics": [], "changeSummary": {"create": count + 1}}


def _resource(number: int) -> tuple[str, dict[str, Any]]:
    zone = ZONES[number % len(ZONES)]
    match number % 5:
        case 0 | 1:
            boot = {"initializeParams": {"image": "debian-cloud/debian-13", "size": 20, "type": "pd-balanced"}}
            return "gcp:compute/instance:Instance", {
                "machineType": TYPES[number // 5 % len(TYPES)], "zone": zone, "bootDisk": boot,
                "networkInterfaces": [{"accessConfigs": [{}]}],
            }  # fmt: skip
        case 2:
            return "gcp:compute/disk:Disk", {"size": 100 + number % 900, "type": "pd-ssd", "zone": zone}
        case 3:
            return "gcp:storage/bucket:Bucket", {"location": "EU", "storageClass": "NEARLINE"}
        case _:
            return "gcp:compute/firewall:Firewall", {"network": "net"}


def main(words: list[str]) -> int:
    """Measure once."""
    from lyceum_stacks.cost import document, request  # noqa: PLC0415 - its import is not what is measured
    from lyceum_stacks.cost.estimate import Options  # noqa: PLC0415
    from lyceum_stacks.cost.usage import Usage  # noqa: PLC0415

    count = int(words[1])
    content = json.dumps(preview(count)).encode()
    began = time.perf_counter()
    answer = request.of_preview(content, "probe", Usage(), Options())
    document.encode(answer.document())
    answer.text(datetime.now(UTC).date())
    seconds = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"resources": count, "seconds": round(seconds, 4), "peak_mib": round(peak, 1)}))  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
