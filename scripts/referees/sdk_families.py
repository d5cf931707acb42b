"""Okta's Python SDK, unchanged, over every family of the sandbox, in each way to authenticate: makes, reads, lists, deletes.

usage: sdk_families.py CREDENTIALS_FILE   (written by `keywright sandbox --credentials-out FILE`)

The SDK reads answers strictly: a value outside an enum or a missing member makes the call raise. Left out is what it cannot
read of a real org either: the list of access policies, whose `_embedded.resourceType` is a text (fixtures/okta/openapi/differences.tsv).
"""
import asyncio
import json
import os
import sys

os.environ["OKTA_TESTING_TESTINGDISABLEHTTPSCHECK"] = "true"  # plain http on loopback

import okta.models as m  # noqa: E402
from okta.client import Client  # noqa: E402

SCOPES = [f"okta.{family}.manage" for family in (
    "users", "groups", "apps", "appGrants", "roles", "policies", "schemas", "userTypes", "profileMappings", "idps", "eventHooks",
    "authenticators", "networkZones", "trustedOrigins", "features", "orgs", "authorizationServers", "apiTokens",
    "rateLimits", "principalRateLimits",
)] + ["okta.logs.read"]
SCOPES = [s.replace("okta.apiTokens.manage", "okta.apiTokens.read") for s in SCOPES]
checks = 0


async def ok(what, call):
    """Awaits a call of the SDK, which answers (object, response, error) or (response, error)."""
    global checks
    checks += 1
    try:
        answer = await call
    except Exception as error:
        raise SystemExit(f"failed: {what}: {error}") from error
    if answer[-1] is not None:
        raise SystemExit(f"failed: {what}: {answer[-1]}")
    return answer[0]


def same(what, got, want):
    global checks
    checks += 1
    if got != want:
        raise SystemExit(f"failed: {what}: {got!r} instead of {want!r}")


def modes(org):
    yield "token", {"orgUrl": org["url"], "token": org["api_token"]}
    for name in ("oauth", "dpop"):
        app = org[name]
        yield name, {
            "orgUrl": org["url"], "authorizationMode": "PrivateKey", "clientId": app["client_id"], "kid": app["kid"],
            "scopes": SCOPES, "privateKey": app["private_key_pem"], "dpopEnabled": name == "dpop",
        }


async def lists(c, user):
    """Every list that needs nothing made first."""
    calls = {
        "users": c.list_users(limit=5), "groups": c.list_groups(limit=5), "apps": c.list_applications(),
        "group rules": c.list_group_rules(),
        "sign-on policies": c.list_policies(type="OKTA_SIGN_ON"), "password policies": c.list_policies(type="PASSWORD"),
        "MFA policies": c.list_policies(type="MFA_ENROLL"), "zones": c.list_network_zones(), "origins": c.list_trusted_origins(),
        "hooks": c.list_event_hooks(), "features": c.list_features(), "mappings": c.list_profile_mappings(),
        "user types": c.list_user_types(), "idps": c.list_identity_providers(), "tokens": c.list_api_tokens(),
        "roles": c.list_assigned_roles_for_user(user.id), "custom roles": c.list_roles(), "resource sets": c.list_resource_sets(),
        "linked objects": c.list_linked_object_definitions(), "log": c.list_log_events(limit=5),
        "authenticators": c.list_authenticators(), "servers": c.list_authorization_servers(),
        "limits per client": c.get_rate_limit_settings_per_client(), "org": c.get_org_settings(),
        "schema": c.get_user_schema("default"), "group schema": c.get_group_schema(), "factors": c.list_factors(user.id),
        "app links": c.list_app_links(user.id),
        "user's groups": c.list_user_groups(user.id),
        "principal limits": c.list_principal_rate_limit_entities(filter='principalType eq "SSWS_TOKEN"'),
    }
    for what, call in calls.items():
        await ok(f"list {what}", call)


async def servers(c, mode):
    server = await ok("create server", c.create_authorization_server(m.AuthorizationServer.from_dict(
        {"name": f"sdk {mode}", "description": "d", "audiences": ["api://sdk"]})))
    same("a new server is active", server.status.value if hasattr(server.status, "value") else server.status, "ACTIVE")
    for what, call in {
        "server": c.get_authorization_server(server.id), "keys": c.list_authorization_server_keys(server.id),
        "server policies": c.list_authorization_server_policies("default"),
        "deactivate server": c.deactivate_authorization_server(server.id), "delete server": c.delete_authorization_server(server.id),
    }.items():
        await ok(what, call)


async def walk(mode, c):
    user = await ok("create user", c.create_user(m.CreateUserRequest.from_dict({
        "profile": {"firstName": "Family", "lastName": mode, "email": f"fam.{mode}@example.com", "login": f"fam.{mode}@example.com"},
        "credentials": {"password": {"value": "Correct-Horse-7"}, "recovery_question": {"question": "Which pet?", "answer": "parrot"}}})))
    group = await ok("create group", c.add_group(m.AddGroupRequest.from_dict({"profile": {"name": f"Family {mode}", "description": "d"}})))
    await lists(c, user)
    app = await ok("create bookmark", c.create_application(m.BookmarkApplication.from_dict({
        "name": "bookmark", "label": f"Bookmark {mode}", "signOnMode": "BOOKMARK",
        "settings": {"app": {"requestIntegration": False, "url": "https://example.com/b"}}})))
    await ok("assign user", c.assign_user_to_application(app.id, m.AppUserAssignRequest.from_dict({"id": user.id})))
    await ok("app users", c.list_application_users(app.id))
    await ok("assign group", c.assign_group_to_application(app.id, group.id))
    await ok("app groups", c.list_application_group_assignments(app.id))
    await ok("get app", c.get_application(app.id))
    await ok("deactivate app", c.deactivate_application(app.id))
    await ok("delete app", c.delete_application(app.id))

    zone = await ok("create zone", c.create_network_zone(m.IPNetworkZone.from_dict({
        "type": "IP", "name": f"zone {mode}", "status": "ACTIVE", "gateways": [{"type": "CIDR", "value": "192.0.2.0/24"}]})))
    await ok("deactivate zone", c.deactivate_network_zone(zone.id))
    await ok("delete zone", c.delete_network_zone(zone.id))
    origin = await ok("create origin", c.create_trusted_origin(m.TrustedOriginWrite.from_dict({
        "name": f"origin {mode}", "origin": f"https://{mode}.example.com", "scopes": [{"type": "CORS"}]})))
    await ok("delete origin", c.delete_trusted_origin(origin.id))
    hook = await ok("create hook", c.create_event_hook(m.EventHook.from_dict({
        "name": f"hook {mode}", "events": {"type": "EVENT_TYPE", "items": ["user.lifecycle.create"]},
        "channel": {"type": "HTTP", "version": "1.0.0", "config": {"uri": "https://example.com/hook", "headers": [],
                    "authScheme": {"type": "HEADER", "key": "Authorization", "value": "x"}}}})))
    await ok("deactivate hook", c.deactivate_event_hook(hook.id))
    await ok("delete hook", c.delete_event_hook(hook.id))
    rule = await ok("create rule", c.create_group_rule(m.CreateGroupRuleRequest.from_dict({
        "type": "group_rule", "name": f"rule {mode}",
        "conditions": {"expression": {"type": "urn:okta:expression:1.0", "value": 'user.lastName == "nobody"'}},
        "actions": {"assignUserToGroups": {"groupIds": [group.id]}}})))
    await ok("activate rule", c.activate_group_rule(rule.id))
    await ok("deactivate rule", c.deactivate_group_rule(rule.id))
    await ok("delete rule", c.delete_group_rule(rule.id))
    await servers(c, mode)
    await ok("suspend", c.suspend_user(user.id))
    await ok("unsuspend", c.unsuspend_user(user.id))
    await ok("deactivate user", c.deactivate_user(user.id))
    await ok("delete user", c.delete_user(user.id))
    await ok("delete group", c.delete_group(group.id))


async def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        org = json.load(file)
    for mode, config in modes(org):
        await walk(mode, Client({**config, "cache": {"enabled": False}}))
        print(f"okta (Python), {mode}, all families: done")
    print(f"{checks} passed, 0 failed")


if __name__ == "__main__":
    asyncio.run(main())
