"""Five actions through a client that a foreign generator made from our OpenAPI document.

usage: five.py BASE_URL API_KEY CONNECTION_ID   with the made package `keywright_client` on the path
"""
import sys

from keywright_client import AuthenticatedClient, models
from keywright_client.api.actions import add_user_to_group, create_user, get_user, search_groups, suspend_user

base, key, connection = sys.argv[1:]
client = AuthenticatedClient(base_url=base, token=key, raise_on_unexpected_status=True)


def run(module, body, **more):
    answer = module.sync(connection, client=client, body=body, **more)
    assert answer is not None and answer.outcome == "done", (module.__name__, answer)
    print(f"{module.__name__.rsplit('.', 1)[-1]}: {answer.outcome}")
    return answer


profile = {"login": "gen@acme.example", "email": "gen@acme.example", "firstName": "Gen", "lastName": "Erated"}
person = models.CreateUserBody.from_dict({"profile": profile, "credentials": {"password": {"value": "Sunny-Day-4711"}}})
made = run(create_user, person, idempotency_key="generated-1")
again = run(create_user, person, idempotency_key="generated-1")
assert made.output.user.id == again.output.user.id, "the same key makes one person"
user = made.output.user.id

found = run(get_user, models.GetUserBody(user_id=user))
assert found.output.profile.login == "gen@acme.example" and found.output.status == "ACTIVE", found

groups = run(search_groups, models.SearchGroupsBody.from_dict({"filter": 'type eq "OKTA_GROUP"'}), limit=1)
assert len(groups.items) == 1, groups
group = groups.items[0].id

member = run(add_user_to_group, models.AddUserToGroupBody(user_id=user, group_id=group))
assert member.output.member is True, member

planned = suspend_user.sync(connection, client=client, body=models.SuspendUserBody(user_id=user), plan=True)
assert planned.outcome == "planned" and planned.plan.changes is True, planned
suspended = run(suspend_user, models.SuspendUserBody(user_id=user))
assert suspended.output.user.status == "SUSPENDED", suspended
print("a client of a foreign generator ran five actions")
