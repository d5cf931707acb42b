"""All checks of scim2-tester against a server: prints what was not passed, and fails when anything was not."""

import sys
from collections import Counter

from httpx2 import Client
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_tester import Status, check_server

PASSED = (Status.SUCCESS, Status.COMPLIANT)

base, token = sys.argv[1:3]
http = Client(base_url=base, headers={"Authorization": f"Bearer {token}"}, timeout=60)
results = check_server(SyncSCIMClient(http))
for result in results:
    if result.status not in PASSED:
        print(result.status.name, result.title, "-", result.reason)
print(dict(Counter(result.status.name for result in results)))
sys.exit(not results or any(result.status not in PASSED for result in results))
