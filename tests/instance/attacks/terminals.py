"""Ten thousand terminals: opens as many as it can, keeps them for a moment, and says how many there were."""

import json
import os
import resource

hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
opened = []
why = ""
for _ in range(10_000):
    try:
        opened.append(os.openpty())
    except OSError as error:
        why = error.strerror or ""
        break
print(json.dumps({"opened": len(opened), "why": why}), flush=True)
os.read(0, 1)
