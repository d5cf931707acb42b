"""Okta's Python SDK, unchanged, over what sdk_families.py only lists: makes, reads, changes and removes, in each way to
authenticate. Everything is tried; what failed is told at the end.

usage: sdk_changes.py CREDENTIALS_FILE   (written by `keywright sandbox --credentials-out FILE`)

Left out is what the SDK cannot read of a real org either, by its recordings: a new owner's `lastUpdated` (no RFC 3339), the methods
of Okta Verify (`Base32` is in no enum of its), blocks of users (401 without a feature); and taking an attribute out of a schema,
as the SDK cannot say null.
"""
import asyncio
import datetime
import json
import sys

import sdk_families as shared
import okta.models as m
from okta.client import Client

PASSWORD = "Correct-Horse-7"
passed, failed = 0, []


async def ok(what, call):
    """Awaits a call of the SDK; gives its object, or nothing when it failed."""
    global passed
    try:
        answer = await call
    except Exception as error:  # the SDK raises at values it cannot read
        failed.append(f"{what}: {error}")
        return None
    if answer[-1] is not None:
        failed.append(f"{what}: {answer[-1]}")
        return None
    passed += 1
    return answer[0]


def same(what, got, want):
    global passed
    if got == want:
        passed += 1
    else:
        failed.append(f"{what}: {got!r} instead of {want!r}")


def text(value):
    """Enumerations by their name on the wire."""
    return getattr(value, "value", value)


class Run:
    """One walk with one client."""

    def __init__(self, mode, client, org):
        self.mode, self.c, self.org = mode, client, org

    async def start(self):
        c, mode = self.c, self.mode
        mail = f"change.{mode}@example.com"
        self.user = await ok("create user", c.create_user(m.CreateUserRequest.from_dict({
            "profile": {"firstName": "Change", "lastName": mode, "email": mail, "login": mail, "mobilePhone": "+15551234567"},
            "credentials": {"password": {"value": PASSWORD}}})))
        self.group = await ok("create group", c.add_group(m.AddGroupRequest.from_dict(
            {"profile": {"name": f"Change {mode}", "description": "d"}})))
        self.app = await ok("create SAML app", c.create_application(m.SamlApplication.from_dict({
            "label": f"SAML {mode}", "signOnMode": "SAML_2_0", "settings": {"signOn": {
                "ssoAcsUrl": "https://sp.example/acs", "recipient": "https://sp.example/acs", "destination": "https://sp.example/acs",
                "audience": "urn:sp", "subjectNameIdTemplate": "${user.userName}", "responseSigned": True, "assertionSigned": True,
                "subjectNameIdFormat": "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified", "signatureAlgorithm": "RSA_SHA256",
                "digestAlgorithm": "SHA256", "honorForceAuthn": True,
                "authnContextClassRef": "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport",
                "attributeStatements": [{"type": "EXPRESSION", "name": "mail", "values": ["user.email"],
                                         "namespace": "urn:oasis:names:tc:SAML:2.0:attrname-format:unspecified"}]}}})))

    async def end(self):
        c = self.c
        await ok("deactivate app", c.deactivate_application(self.app.id))
        await ok("delete app", c.delete_application(self.app.id))
        await ok("deactivate user", c.deactivate_user(self.user.id))
        await ok("delete user", c.delete_user(self.user.id))
        await ok("delete group", c.delete_group(self.group.id))

    async def users(self):
        c, user = self.c, self.user
        await ok("get user", c.get_user(user.id))
        changed = await ok("update user", c.update_user(user.id, m.UpdateUserRequest.from_dict({"profile": {"nickName": "Cha"}})))
        same("the nickname", changed and changed.profile.nick_name, "Cha")
        await ok("user clients", c.list_user_clients(user.id))
        await ok("user grants", c.list_user_grants(user.id))
        await ok("change password", c.change_password(user.id, m.ChangePasswordRequest.from_dict(
            {"oldPassword": {"value": PASSWORD}, "newPassword": {"value": PASSWORD + "x"}})))
        await ok("recovery question", c.change_recovery_question(user.id, m.UserCredentials.from_dict(
            {"password": {"value": PASSWORD + "x"}, "recovery_question": {"question": "Which pet?", "answer": "parrot"}})))
        await ok("expire password", c.expire_password(user.id))
        await ok("reset password", c.reset_password(user.id, send_email=False))
        await ok("revoke sessions", c.revoke_user_sessions(user.id))
        await ok("replace user", c.replace_user(user.id, m.UpdateUserRequest.from_dict({
            "profile": {"firstName": "Changed", "lastName": self.mode, "email": user.profile.email, "login": user.profile.login},
            "credentials": {"password": {"value": PASSWORD}}})))

    async def groups(self):
        c, group, user = self.c, self.group, self.user
        await ok("get group", c.get_group(group.id))
        await ok("replace group", c.replace_group(group.id, m.AddGroupRequest.from_dict(
            {"profile": {"name": f"Changed {self.mode}", "description": "e"}})))
        await ok("join", c.assign_user_to_group(group.id, user.id))
        members = await ok("members", c.list_group_users(group.id))
        same("one member", [one.id for one in members or []], [user.id])
        await ok("leave", c.unassign_user_from_group(group.id, user.id))
        try:
            await c.assign_group_owner(group.id, m.AssignGroupOwnerRequestBody.from_dict({"id": user.id, "type": "USER"}))
        except ValueError:
            pass  # its answer cannot be read; that it was done shows in the list
        owners = await ok("owners", c.list_group_owners(group.id))
        same("one owner", [one.id for one in owners or []], [user.id])
        await ok("disown", c.delete_group_owner(group.id, user.id))
        await ok("group's apps", c.list_assigned_applications_for_group(group.id))

    async def roles(self):
        c, user, group = self.c, self.user, self.group
        role = await ok("role of user", c.assign_role_to_user(user.id, m.AssignRoleToUserRequest(
            m.StandardRoleAssignmentSchema.from_dict({"type": "USER_ADMIN"}))))
        role = getattr(role, "actual_instance", role)
        if role:
            await ok("get role", c.get_user_assigned_role(user.id, role.id))
            await ok("target group", c.assign_group_target_to_user_role(user.id, role.id, group.id))
            targets = await ok("target groups", c.list_group_targets_for_role(user.id, role.id))
            same("one target", [one.id for one in targets or []], [group.id])
            await ok("users with roles", c.list_users_with_role_assignments())
            await ok("no role of user", c.unassign_role_from_user(user.id, role.id))
        role = await ok("role of group", c.assign_role_to_group(group.id, m.AssignRoleToGroupRequest(
            m.StandardRoleAssignmentSchema.from_dict({"type": "APP_ADMIN"}))))
        role = getattr(role, "actual_instance", role)
        await ok("roles of group", c.list_group_assigned_roles(group.id))
        if role:
            await ok("get role of group", c.get_group_assigned_role(group.id, role.id))
            await ok("target app", c.assign_app_instance_target_to_app_admin_role_for_group(group.id, role.id, self.app.name, self.app.id))
            await ok("target apps", c.list_application_targets_for_application_administrator_role_for_group(group.id, role.id))
            await ok("no role of group", c.unassign_role_from_group(group.id, role.id))

    async def custom_roles(self):
        c, mode, base = self.c, self.mode, self.org["url"]
        role = await ok("create custom role", c.create_role(m.CreateIamRoleRequest.from_dict(
            {"label": f"Role {mode}", "description": "d", "permissions": ["okta.users.read"]})))
        if role is None:
            return
        await ok("get custom role", c.get_role(role.id))
        await ok("replace custom role", c.replace_role(role.id, m.UpdateIamRoleRequest.from_dict({"label": f"Role {mode} 2", "description": "e"})))
        await ok("add permission", c.create_role_permission(role.id, "okta.groups.read"))
        await ok("permissions", c.list_role_permissions(role.id))
        await ok("get permission", c.get_role_permission(role.id, "okta.groups.read"))
        await ok("delete permission", c.delete_role_permission(role.id, "okta.groups.read"))
        resources = await ok("create resource set", c.create_resource_set(m.CreateResourceSetRequest.from_dict(
            {"label": f"Set {mode}", "description": "d", "resources": [f"{base}/api/v1/users"]})))
        if resources:
            await ok("get resource set", c.get_resource_set(resources.id))
            await ok("replace resource set", c.replace_resource_set(resources.id, m.ResourceSet.from_dict({"label": f"Set {mode} 2", "description": "e"})))
            await ok("add resources", c.add_resource_set_resources(resources.id, m.ResourceSetResourcePatchRequest.from_dict(
                {"additions": [f"{base}/api/v1/groups/{self.group.id}"]})))
            listed = await ok("resources", c.list_resource_set_resources(resources.id))
            for one in (listed.resources or []) if listed else []:
                await ok("delete resource", c.delete_resource_set_resource(resources.id, one.id))
                break
            await ok("bind", c.create_resource_set_binding(resources.id, m.ResourceSetBindingCreateRequest.from_dict(
                {"role": role.id, "members": [f"{base}/api/v1/users/{self.user.id}"]})))
            await ok("bindings", c.list_bindings(resources.id))
            await ok("get binding", c.get_binding(resources.id, role.id))
            await ok("add members", c.add_members_to_binding(resources.id, role.id, m.ResourceSetBindingAddMembersRequest.from_dict(
                {"additions": [f"{base}/api/v1/groups/{self.group.id}"]})))
            members = await ok("members of binding", c.list_members_of_binding(resources.id, role.id))
            for one in (members.members or [])[:1] if members else []:
                await ok("get member", c.get_member_of_binding(resources.id, role.id, one.id))
                await ok("delete member", c.unassign_member_from_binding(resources.id, role.id, one.id))
            await ok("delete binding", c.delete_binding(resources.id, role.id))
            await ok("delete resource set", c.delete_resource_set(resources.id))
        await ok("delete custom role", c.delete_role(role.id))

    async def idps(self):
        c, mode = self.c, self.mode
        body = {
            "type": "OIDC", "name": f"IdP {mode}", "issuerMode": "ORG_URL",
            "protocol": {"type": "OIDC", "algorithms": {}, "scopes": ["openid", "email"],
                         "issuer": {"url": "https://idp.example.com"},
                         "endpoints": {"authorization": {"url": "https://idp.example.com/authorize", "binding": "HTTP-REDIRECT"},
                                       "token": {"url": "https://idp.example.com/token", "binding": "HTTP-POST"},
                                       "jwks": {"url": "https://idp.example.com/keys", "binding": "HTTP-REDIRECT"}},
                         "credentials": {"client": {"client_id": "id", "client_secret": "secret"}}},
            "policy": {"accountLink": {"action": "AUTO", "filter": None}, "maxClockSkew": 0,
                       "provisioning": {"action": "AUTO", "profileMaster": False, "groups": {"action": "NONE"},
                                        "conditions": {"deprovisioned": {"action": "NONE"}, "suspended": {"action": "NONE"}}},
                       "subject": {"userNameTemplate": {"template": "idpuser.email"}, "filter": None, "matchType": "USERNAME"}},
        }
        idp = await ok("create idp", c.create_identity_provider(m.IdentityProvider.from_dict(body)))
        if idp is None:
            return
        await ok("get idp", c.get_identity_provider(idp.id))
        body["name"] += " 2"
        await ok("replace idp", c.replace_identity_provider(idp.id, m.IdentityProvider.from_dict(body)))
        await ok("deactivate idp", c.deactivate_identity_provider(idp.id))
        await ok("activate idp", c.activate_identity_provider(idp.id))
        await ok("idp signing key", c.generate_identity_provider_signing_key(idp.id, 2))
        await ok("idp signing keys", c.list_identity_provider_signing_keys(idp.id))
        await ok("link", c.link_user_to_identity_provider(idp.id, self.user.id, m.UserIdentityProviderLinkRequest.from_dict({"externalId": "ext"})))
        await ok("linked", c.list_identity_provider_application_users(idp.id))
        await ok("one linked", c.get_identity_provider_application_user(idp.id, self.user.id))
        await ok("idps of user", c.list_user_identity_providers(self.user.id))
        await ok("unlink", c.unlink_user_from_identity_provider(idp.id, self.user.id))
        await ok("delete idp", c.delete_identity_provider(idp.id))
        keys = await ok("keys of app", c.list_application_keys(self.app.id))
        certificate = keys[0].x5c if keys else []
        key = await ok("create idp key", c.create_identity_provider_key(m.IdPCertificateCredential.from_dict({"x5c": certificate})))
        await ok("idp keys", c.list_identity_provider_keys())
        if key:
            await ok("get idp key", c.get_identity_provider_key(key.kid))
            await ok("delete idp key", c.delete_identity_provider_key(key.kid))

    async def schemas(self):
        c, mode = self.c, self.mode
        name = f"made_{mode}"
        attribute = lambda value: {"definitions": {"custom": {"id": "#custom", "type": "object", "properties": {name: value}}}}
        shape = {"title": "Made", "type": "string", "description": "d", "maxLength": 20}
        made = await ok("add attribute", c.update_user_profile("default", m.UserSchema.from_dict(attribute(shape))))
        same("the attribute", bool(made) and name in json.dumps(made.to_dict(), default=str), True)
        await ok("add group attribute", c.update_group_schema(m.GroupSchema.from_dict(attribute(shape))))
        await ok("group schema", c.get_group_schema())
        await ok("app schema", c.get_application_user_schema(self.app.id))
        kind = await ok("create user type", c.create_user_type(m.UserType.from_dict({"name": f"type{mode}", "displayName": f"Type {mode}", "description": "d"})))
        if kind:
            await ok("get user type", c.get_user_type(kind.id))
            await ok("update user type", c.update_user_type(kind.id, m.UserTypePostRequest.from_dict({"displayName": f"Type {mode} 2"})))
            await ok("replace user type", c.replace_user_type(kind.id, m.UserTypePutRequest.from_dict(
                {"name": f"type{mode}", "displayName": f"Type {mode} 3", "description": "e"})))
            await ok("delete user type", c.delete_user_type(kind.id))

    async def mappings(self):
        c = self.c
        all_of_them = await ok("mappings", c.list_profile_mappings())
        for one in (all_of_them or [])[:1]:
            await ok("get mapping", c.get_profile_mapping(one.id))
            await ok("update mapping", c.update_profile_mapping(one.id, m.ProfileMappingRequest.from_dict(
                {"properties": {"nickName": {"expression": "source.firstName", "pushStatus": "DONT_PUSH"}}})))

    async def features(self):
        c = self.c
        for one in (await ok("features", c.list_features()) or [])[:3]:
            await ok("get feature", c.get_feature(one.id))
            await ok("dependencies", c.list_feature_dependencies(one.id))
            await ok("dependents", c.list_feature_dependents(one.id))
            if text(one.type) == "self-service":
                to = m.FeatureLifecycle.DISABLE if text(one.status) == "ENABLED" else m.FeatureLifecycle.ENABLE
                back = m.FeatureLifecycle.ENABLE if text(one.status) == "ENABLED" else m.FeatureLifecycle.DISABLE
                await ok("turn feature", c.update_feature_lifecycle(one.id, to))
                await ok("turn feature back", c.update_feature_lifecycle(one.id, back))

    async def authenticators(self):
        c = self.c
        for one in await ok("authenticators", c.list_authenticators()) or []:
            one = getattr(one, "actual_instance", one)
            await ok(f"get authenticator {text(one.key)}", c.get_authenticator(one.id))
            if text(one.key) != "okta_verify":
                await ok(f"methods of {text(one.key)}", c.list_authenticator_methods(one.id))
            if text(one.key) == "security_question":
                turn = [c.deactivate_authenticator, c.activate_authenticator]
                for call in turn if text(one.status) == "ACTIVE" else turn[::-1]:
                    await ok("turn authenticator", call(one.id))

    async def linked_objects(self):
        c, mode = self.c, self.mode
        names = (f"boss{mode}", f"minion{mode}")
        side = lambda name: {"name": name, "title": name, "description": "d", "type": "USER"}
        await ok("create link", c.create_linked_object_definition(m.LinkedObject.from_dict({"primary": side(names[0]), "associated": side(names[1])})))
        await ok("get link", c.get_linked_object_definition(names[0]))
        me = (await ok("first user", c.list_users(limit=1)) or [None])[0]
        if me:
            await ok("link users", c.assign_linked_object_value_for_primary(self.user.id, names[0], me.id))
            await ok("linked users", c.list_linked_objects_for_user(self.user.id, names[0]))
            await ok("unlink users", c.delete_linked_object_for_user(self.user.id, names[0]))
        await ok("delete link", c.delete_linked_object_definition(names[0]))

    async def factors(self):
        c, user = self.c, self.user
        await ok("questions", c.list_supported_security_questions(user.id))
        question = await ok("enrol question", c.enroll_factor(user.id, m.UserFactorSecurityQuestion.from_dict({
            "factorType": "question", "provider": "OKTA",
            "profile": {"question": "disliked_food", "answer": "mayonnaise"}})))
        question = getattr(question, "actual_instance", question)
        if question:
            same("a question is active at once", text(question.status), "ACTIVE")
            await ok("get factor", c.get_factor(user.id, question.id))
            await ok("drop question", c.unenroll_factor(user.id, question.id))
        await ok("reset factors", c.reset_factors(user.id))

    async def policies(self):
        c, mode = self.c, self.mode
        policy = await ok("create policy", c.create_policy(m.OktaSignOnPolicy.from_dict({
            "type": "OKTA_SIGN_ON", "name": f"Policy {mode}", "description": "d",
            "conditions": {"people": {"groups": {"include": [self.group.id]}}}})))
        policy = getattr(policy, "actual_instance", policy)
        if policy is None:
            return
        await ok("get policy", c.get_policy(policy.id))
        await ok("replace policy", c.replace_policy(policy.id, m.OktaSignOnPolicy.from_dict({
            "type": "OKTA_SIGN_ON", "name": f"Policy {mode} 2", "description": "e",
            "conditions": {"people": {"groups": {"include": [self.group.id]}}}})))
        rule = await ok("create policy rule", c.create_policy_rule(policy.id, m.OktaSignOnPolicyRule.from_dict({
            "type": "SIGN_ON", "name": f"Rule {mode}",
            "conditions": {"network": {"connection": "ANYWHERE"}, "authContext": {"authType": "ANY"}},
            "actions": {"signon": {"access": "ALLOW", "requireFactor": False,
                                   "session": {"usePersistentCookie": False, "maxSessionIdleMinutes": 120, "maxSessionLifetimeMinutes": 0}}}})))
        rule = getattr(rule, "actual_instance", rule)
        await ok("policy rules", c.list_policy_rules(policy.id))
        if rule:
            await ok("get policy rule", c.get_policy_rule(policy.id, rule.id))
            await ok("deactivate policy rule", c.deactivate_policy_rule(policy.id, rule.id))
            await ok("activate policy rule", c.activate_policy_rule(policy.id, rule.id))
            await ok("delete policy rule", c.delete_policy_rule(policy.id, rule.id))
        await ok("deactivate policy", c.deactivate_policy(policy.id))
        await ok("activate policy", c.activate_policy(policy.id))
        await ok("delete policy", c.delete_policy(policy.id))

    async def apps(self):
        c, app = self.c, self.app
        key = await ok("generate key", c.generate_application_key(app.id, 2))
        await ok("keys", c.list_application_keys(app.id))
        if key:
            await ok("get key", c.get_application_key(app.id, key.kid))
        await ok("app policy", c.get_application(app.id, expand="user/" + self.user.id))
        client = await ok("create OIDC app", c.create_application(m.OpenIdConnectApplication.from_dict({
            "name": "oidc_client", "label": f"OIDC {self.mode}", "signOnMode": "OPENID_CONNECT",
            "credentials": {"oauthClient": {"token_endpoint_auth_method": "client_secret_post"}},
            "settings": {"oauthClient": {"redirect_uris": ["https://app.example/back"], "response_types": ["code"],
                                         "grant_types": ["authorization_code"], "application_type": "web"}}})))
        client = getattr(client, "actual_instance", client)
        if client is None:
            return
        secret = await ok("create secret", c.create_o_auth2_client_secret(client.id))
        await ok("secrets", c.list_o_auth2_client_secrets(client.id))
        if secret:
            await ok("deactivate secret", c.deactivate_o_auth2_client_secret(client.id, secret.id))
            await ok("delete secret", c.delete_o_auth2_client_secret(client.id, secret.id))
        grant = await ok("grant scope", c.grant_consent_to_scope(client.id, m.OAuth2ScopeConsentGrant.from_dict(
            {"issuer": self.org["url"], "scopeId": "okta.users.read"})))
        await ok("grants", c.list_scope_consent_grants(client.id))
        if grant:
            await ok("get grant", c.get_scope_consent_grant(client.id, grant.id))
            await ok("revoke grant", c.revoke_scope_consent_grant(client.id, grant.id))
        await ok("deactivate OIDC app", c.deactivate_application(client.id))
        await ok("delete OIDC app", c.delete_application(client.id))

    async def sessions(self):
        if self.mode == "token":
            # A session is made by signing in on the page, which the SDK does not do.
            await ok("revoke sessions and tokens", self.c.revoke_user_sessions(self.user.id, oauth_tokens=True))


async def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        org = json.load(file)
    for mode, config in shared.modes(org):
        began = datetime.datetime.now()
        run = Run(mode, Client({**config, "cache": {"enabled": False}}), org)
        await run.start()
        for family in (run.groups, run.users, run.roles, run.custom_roles, run.idps, run.schemas, run.mappings, run.features, run.authenticators,
                       run.linked_objects, run.factors, run.policies, run.apps, run.sessions):
            try:
                await family()
            except Exception as error:  # a family that cannot go on is told, and the next one begins
                failed.append(f"{family.__name__}: {type(error).__name__}: {error}")
        await run.end()
        for line in failed:
            print(f"failed: {mode}: {line}")
        print(f"okta (Python), {mode}, changes to all families: done in {(datetime.datetime.now() - began).seconds} s", flush=True)
        if failed:
            raise SystemExit(f"{passed} passed, {len(failed)} failed")
    print(f"{passed} passed, 0 failed")


if __name__ == "__main__":
    asyncio.run(main())
