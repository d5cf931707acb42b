"""Okta's Python SDK, unchanged, against the sandbox: users, lifecycle, groups and members, in each way to authenticate.

usage: sdk_smoke.py CREDENTIALS_FILE   (written by `keywright sandbox --credentials-out FILE`)
"""
import asyncio
import json
import os
import sys

os.environ["OKTA_TESTING_TESTINGDISABLEHTTPSCHECK"] = "true"  # plain http on loopback

from okta.client import Client  # noqa: E402
from okta.models import (  # noqa: E402
    AddGroupRequest, CreateUserRequest, OktaUserGroupProfile, UpdateUserRequest, UserProfile,
)

SCOPES = ["okta.users.manage", "okta.groups.manage"]
checks = 0


def check(what, truth):
    """Counts one check; ends the run with its name when it does not hold."""
    global checks
    checks += 1
    if not truth:
        raise SystemExit(f"failed: {what}")


def modes(org):
    """The three ways a service may authenticate, as the SDK's configuration."""
    yield "token", {"orgUrl": org["url"], "token": org["api_token"]}
    for name in ("oauth", "dpop"):
        app = org[name]
        yield name, {
            "orgUrl": org["url"], "authorizationMode": "PrivateKey", "clientId": app["client_id"], "kid": app["kid"],
            "scopes": SCOPES, "privateKey": app["private_key_pem"], "dpopEnabled": name == "dpop",
        }


async def ok(what, call):
    """Awaits a call of the SDK, which answers (object, response, error) or (response, error)."""
    answer = await call
    check(f"{what}: {answer[-1]}", answer[-1] is None)
    return answer[0]


async def everyone(client, page):
    """All users by pages, following `after` as the SDK's readme does."""
    users, after = [], None
    while True:
        found, response, error = await client.list_users(limit=page, after=after) if after else await client.list_users(limit=page)
        check(f"list users: {error}", error is None)
        users += found
        link = response.headers.get("link", "") or response.headers.get("Link", "")
        after = None
        for part in link.split(", "):
            if 'rel="next"' in part:
                after = part.split("after=")[1].split("&")[0].split(">")[0]
        if after is None:
            return users


async def walk(mode, client):
    """Make, read, change, move, suspend and delete one person and one group."""
    login = f"smoke.{mode}@example.com"
    profile = UserProfile(first_name="Smoke", last_name=mode, email=login, login=login)
    user = await ok("create user", client.create_user(CreateUserRequest(profile=profile), activate=False))
    check("a user that is not activated is STAGED", user.status.value == "STAGED")
    check("get by login", (await ok("get user", client.get_user(login))).id == user.id)
    changed = await ok("update user", client.update_user(user.id, UpdateUserRequest(profile=UserProfile(nick_name="Smokey"))))
    check("update keeps the rest", (changed.profile.nick_name, changed.profile.login) == ("Smokey", login))

    await ok("activate", client.activate_user(user.id, send_email=False))
    check("active without a password is PROVISIONED", (await ok("get user", client.get_user(user.id))).status.value == "PROVISIONED")

    group = await ok("create group", client.add_group(AddGroupRequest(profile=OktaUserGroupProfile(name=f"Smoke {mode}", description="made by a test"))))
    check("group by id", (await ok("get group", client.get_group(group.id))).id == group.id)
    found = await ok("search groups", client.list_groups(q=f"Smoke {mode}"))
    check("group by q", [g.id for g in found] == [group.id])

    await ok("add member", client.assign_user_to_group(group.id, user.id))
    check("member is listed", [u.id for u in await ok("members", client.list_group_users(group.id))] == [user.id])
    await ok("remove member", client.unassign_user_from_group(group.id, user.id))
    check("member is gone", await ok("members", client.list_group_users(group.id)) == [])

    by_filter = await ok("filter", client.list_users(filter=f'profile.login eq "{login}"'))
    check("user by filter", [u.id for u in by_filter] == [user.id])
    people = await everyone(client, 7)
    check("pages give each person once", len({u.id for u in people}) == len(people) and user.id in {u.id for u in people})

    await ok("deactivate", client.deactivate_user(user.id))
    check("deactivated is DEPROVISIONED", (await ok("get user", client.get_user(user.id))).status.value == "DEPROVISIONED")
    await ok("delete user", client.delete_user(user.id))
    _, _, error = await client.get_user(user.id)
    check("a deleted user is E0000007", error is not None and "E0000007" in str(error))
    await ok("delete group", client.delete_group(group.id))


async def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        org = json.load(file)
    for mode, config in modes(org):
        await walk(mode, Client({**config, "cache": {"enabled": False}}))
        print(f"okta (Python), {mode}: done")
    _, _, error = await Client({"orgUrl": org["url"], "token": "00wrong"}).list_users()
    check("a wrong token is E0000011", error is not None and "E0000011" in str(error))
    print(f"{checks} passed, 0 failed")


asyncio.run(main())
