// Okta's Node SDK, unchanged, over what sdk_families.mjs only lists: makes, reads, changes and removes, in each way to
// authenticate. Everything is tried; what failed is told at the end.
//
// usage: node sdk_changes.mjs CREDENTIALS_FILE   (written by `keywright sandbox --credentials-out FILE`)
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const okta = createRequire(process.env.NODE_MODULES + '/')('@okta/okta-sdk-nodejs');
const org = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const manage = ['users', 'groups', 'apps', 'appGrants', 'roles', 'policies', 'schemas', 'userTypes', 'profileMappings', 'idps',
  'authenticators', 'features', 'sessions'].map((family) => `okta.${family}.manage`);
let passed = 0;
const failed = [];

async function ok(what, call) {
  try {
    let answer = await call();
    if (answer && typeof answer.each === 'function') {
      const all = [];
      await answer.each((one) => { all.push(one); });
      answer = all;
    }
    passed += 1;
    return answer;
  } catch (error) {
    failed.push(`${what}: ${String(error.message ?? error).split('\n')[0]}`);
    return undefined;
  }
}

function same(what, got, want) {
  if (JSON.stringify(got) === JSON.stringify(want)) { passed += 1; } else { failed.push(`${what}: ${JSON.stringify(got)}`); }
}

function modes() {
  const service = (app) => ({
    orgUrl: org.url, authorizationMode: 'PrivateKey', clientId: app.client_id, scopes: manage, privateKey: app.private_key_pem, keyId: app.kid,
  });
  return [['token', { orgUrl: org.url, token: org.api_token }], ['oauth', service(org.oauth)], ['dpop', service(org.dpop)]];
}

async function idps(c, mode, user) {
  const identityProvider = {
    type: 'OIDC', name: `Node IdP ${mode}`, issuerMode: 'ORG_URL',
    protocol: {
      type: 'OIDC', algorithms: {}, scopes: ['openid'], issuer: { url: 'https://idp.example.com' },
      endpoints: {
        authorization: { url: 'https://idp.example.com/authorize', binding: 'HTTP-REDIRECT' },
        token: { url: 'https://idp.example.com/token', binding: 'HTTP-POST' }, jwks: { url: 'https://idp.example.com/keys', binding: 'HTTP-REDIRECT' },
      },
      credentials: { client: { client_id: 'id', client_secret: 'secret' } },
    },
    policy: {
      accountLink: { action: 'AUTO' }, maxClockSkew: 0,
      provisioning: { action: 'AUTO', profileMaster: false, groups: { action: 'NONE' }, conditions: { deprovisioned: { action: 'NONE' }, suspended: { action: 'NONE' } } },
      subject: { userNameTemplate: { template: 'idpuser.email' }, matchType: 'USERNAME' },
    },
  };
  const api = c.identityProviderApi;
  const idp = await ok('create idp', () => api.createIdentityProvider({ identityProvider }));
  if (!idp) { return; }
  await ok('get idp', () => api.getIdentityProvider({ idpId: idp.id }));
  await ok('replace idp', () => api.replaceIdentityProvider({ idpId: idp.id, identityProvider: { ...identityProvider, name: `Node IdP ${mode} 2` } }));
  await ok('deactivate idp', () => api.deactivateIdentityProvider({ idpId: idp.id }));
  await ok('activate idp', () => api.activateIdentityProvider({ idpId: idp.id }));
  await ok('idp signing key', () => api.generateIdentityProviderSigningKey({ idpId: idp.id, validityYears: 2 }));
  await ok('idp signing keys', () => api.listIdentityProviderSigningKeys({ idpId: idp.id }));
  await ok('link', () => api.linkUserToIdentityProvider({ idpId: idp.id, userId: user.id, userIdentityProviderLinkRequest: { externalId: 'ext' } }));
  await ok('unlink', () => api.unlinkUserFromIdentityProvider({ idpId: idp.id, userId: user.id }));
  await ok('delete idp', () => api.deleteIdentityProvider({ idpId: idp.id }));
}

async function roles(c, mode, user, group) {
  const role = await ok('create custom role', () => c.customRoleApi.createRole({ instance: { label: `Node ${mode}`, description: 'd', permissions: ['okta.users.read'] } }));
  if (!role) { return; }
  const roleIdOrLabel = role.id;
  await ok('get custom role', () => c.customRoleApi.getRole({ roleIdOrLabel }));
  await ok('replace custom role', () => c.customRoleApi.replaceRole({ roleIdOrLabel, instance: { label: `Node ${mode} 2`, description: 'e' } }));
  await ok('add permission', () => c.customRoleApi.createRolePermission({ roleIdOrLabel, permissionType: 'okta.groups.read' }));
  await ok('permissions', () => c.customRoleApi.listRolePermissions({ roleIdOrLabel }));
  await ok('delete permission', () => c.customRoleApi.deleteRolePermission({ roleIdOrLabel, permissionType: 'okta.groups.read' }));
  const set = await ok('create resource set', () => c.resourceSetApi.createResourceSet({ instance: { label: `Node set ${mode}`, description: 'd', resources: [`${org.url}/api/v1/users`] } }));
  if (set) {
    const resourceSetId = set.id;
    await ok('get resource set', () => c.resourceSetApi.getResourceSet({ resourceSetId }));
    await ok('replace resource set', () => c.resourceSetApi.replaceResourceSet({ resourceSetId, instance: { label: `Node set ${mode} 2`, description: 'e' } }));
    await ok('resources', () => c.resourceSetApi.listResourceSetResources({ resourceSetId }));
    await ok('bind', () => c.resourceSetApi.createResourceSetBinding({ resourceSetId, instance: { role: role.id, members: [`${org.url}/api/v1/users/${user.id}`] } }));
    await ok('bindings', () => c.resourceSetApi.listBindings({ resourceSetId }));
    await ok('members', () => c.resourceSetApi.listMembersOfBinding({ resourceSetId, roleIdOrLabel }));
    await ok('unbind', () => c.resourceSetApi.deleteBinding({ resourceSetId, roleIdOrLabel }));
    await ok('delete resource set', () => c.resourceSetApi.deleteResourceSet({ resourceSetId }));
  }
  await ok('delete custom role', () => c.customRoleApi.deleteRole({ roleIdOrLabel }));
  const held = await ok('role of user', () => c.roleAssignmentApi.assignRoleToUser({ userId: user.id, assignRoleRequest: { type: 'USER_ADMIN' } }));
  if (held) {
    await ok('target', () => c.roleTargetApi.assignGroupTargetToUserRole({ userId: user.id, roleAssignmentId: held.id, roleId: held.id, groupId: group.id }));
    await ok('no role of user', () => c.roleAssignmentApi.unassignRoleFromUser({ userId: user.id, roleAssignmentId: held.id, roleId: held.id }));
  }
}

async function rest(c, mode, user, group) {
  const properties = { [`node_${mode}`]: { title: 'Made', type: 'string', maxLength: 20 } };
  const definitions = { custom: { id: '#custom', type: 'object', properties } };
  await ok('add attribute', () => c.schemaApi.updateUserProfile({ schemaId: 'default', userSchema: { definitions } }));
  await ok('group schema', () => c.schemaApi.getGroupSchema({}));
  const type = await ok('create type', () => c.userTypeApi.createUserType({ userType: { name: `node${mode}`, displayName: `Node ${mode}` } }));
  if (type) { await ok('delete type', () => c.userTypeApi.deleteUserType({ typeId: type.id })); }
  const mappings = await ok('mappings', () => c.profileMappingApi.listProfileMappings({}));
  for (const { id } of (mappings ?? []).slice(0, 1)) { await ok('get mapping', () => c.profileMappingApi.getProfileMapping({ mappingId: id })); }
  for (const { id } of ((await ok('features', () => c.featureApi.listFeatures({}))) ?? []).slice(0, 2)) {
    await ok('get feature', () => c.featureApi.getFeature({ featureId: id }));
    await ok('dependencies', () => c.featureApi.listFeatureDependencies({ featureId: id }));
  }
  for (const { id, key } of (await ok('authenticators', () => c.authenticatorApi.listAuthenticators({}))) ?? []) {
    await ok(`get authenticator ${key}`, () => c.authenticatorApi.getAuthenticator({ authenticatorId: id }));
  }
  const body = { factorType: 'question', provider: 'OKTA', profile: { question: 'disliked_food', answer: 'mayonnaise' } };
  const factor = await ok('enrol question', () => c.userFactorApi.enrollFactor({ userId: user.id, body }));
  if (factor) {
    same('a question is active at once', factor.status, 'ACTIVE');
    await ok('get factor', () => c.userFactorApi.getFactor({ userId: user.id, factorId: factor.id }));
    await ok('drop factor', () => c.userFactorApi.unenrollFactor({ userId: user.id, factorId: factor.id }));
  }
  await ok('revoke sessions', () => c.userApi.revokeUserSessions({ userId: user.id }));
  await ok('join', () => c.groupApi.assignUserToGroup({ groupId: group.id, userId: user.id }));
  same('one member', ((await ok('members', () => c.groupApi.listGroupUsers({ groupId: group.id }))) ?? []).map((one) => one.id), [user.id]);
  await ok('replace group', () => c.groupApi.replaceGroup({ groupId: group.id, group: { profile: { name: `Changed node ${mode}`, description: 'e' } } }));
  await ok('update user', () => c.userApi.updateUser({ userId: user.id, user: { profile: { nickName: 'Cha' } } }));
}

for (const [mode, config] of modes()) {
  const c = new okta.Client(config);
  const login = `change.node.${mode}@example.com`;
  const user = await ok('create user', () => c.userApi.createUser({ body: { profile: { firstName: 'Change', lastName: mode, email: login, login }, credentials: { password: { value: 'Correct-Horse-7' } } } }));
  const group = await ok('create group', () => c.groupApi.createGroup({ group: { profile: { name: `Change node ${mode}`, description: 'd' } } }));
  for (const family of [idps, roles, rest]) {
    try { await family(c, mode, user, group); } catch (error) { failed.push(`${family.name}: ${error}`); }
  }
  await ok('deactivate user', () => c.userApi.deactivateUser({ userId: user.id }));
  await ok('delete user', () => c.userApi.deleteUser({ userId: user.id }));
  await ok('delete group', () => c.groupApi.deleteGroup({ groupId: group.id }));
  for (const line of failed) { console.error(`failed: ${mode}: ${line}`); }
  console.log(`@okta/okta-sdk-nodejs, ${mode}, changes to all families: done`);
  if (failed.length > 0) { process.exit(1); }
}
console.log(`${passed} passed, 0 failed`);
