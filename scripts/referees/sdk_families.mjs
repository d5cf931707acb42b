// Okta's Node SDK, unchanged, over every family of the sandbox, in each way to authenticate: makes, reads, lists, deletes.
//
// usage: node sdk_families.mjs CREDENTIALS_FILE   (written by `keywright sandbox --credentials-out FILE`)
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const okta = createRequire(process.env.NODE_MODULES + '/')('@okta/okta-sdk-nodejs');
const org = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const manage = ['users', 'groups', 'apps', 'appGrants', 'roles', 'policies', 'schemas', 'userTypes', 'profileMappings', 'idps',
  'eventHooks', 'authenticators', 'networkZones', 'trustedOrigins', 'features', 'orgs', 'authorizationServers',
  'rateLimits', 'principalRateLimits'].map((family) => `okta.${family}.manage`);
const scopes = [...manage, 'okta.logs.read', 'okta.apiTokens.read'];
let checks = 0;

function modes() {
  const service = (app) => ({
    orgUrl: org.url, authorizationMode: 'PrivateKey', clientId: app.client_id, scopes,
    privateKey: app.private_key_pem, keyId: app.kid,
  });
  return [['token', { orgUrl: org.url, token: org.api_token }], ['oauth', service(org.oauth)], ['dpop', service(org.dpop)]];
}

async function ok(what, call) {
  checks += 1;
  try {
    const answer = await call();
    if (answer && typeof answer.each === 'function') { await answer.each(() => {}); }
    return answer;
  } catch (error) {
    console.error(`failed: ${what}: ${error.message}`);
    process.exit(1);
  }
}

async function lists(c, userId) {
  const calls = {
    users: () => c.userApi.listUsers({ limit: 9 }), groups: () => c.groupApi.listGroups({}), apps: () => c.applicationApi.listApplications({}),
    rules: () => c.groupApi.listGroupRules({}), zones: () => c.networkZoneApi.listNetworkZones({}),
    origins: () => c.trustedOriginApi.listTrustedOrigins({}), hooks: () => c.eventHookApi.listEventHooks({}),
    features: () => c.featureApi.listFeatures({}), mappings: () => c.profileMappingApi.listProfileMappings({}),
    types: () => c.userTypeApi.listUserTypes({}), idps: () => c.identityProviderApi.listIdentityProviders({}),
    tokens: () => c.apiTokenApi.listApiTokens({}), links: () => c.linkedObjectApi.listLinkedObjectDefinitions({}),
    log: () => c.systemLogApi.listLogEvents({ limit: 5, until: new Date(Date.now() + 60000).toISOString() }),
    authenticators: () => c.authenticatorApi.listAuthenticators({}), servers: () => c.authorizationServerApi.listAuthorizationServers({}),
    roles: () => c.roleAssignmentApi.listAssignedRolesForUser({ userId }), factors: () => c.userFactorApi.listFactors({ userId }),
    schema: () => c.schemaApi.getUserSchema({ schemaId: 'default' }), org: () => c.orgSettingApi.getOrgSettings({}),
    ...Object.fromEntries(['ACCESS_POLICY', 'OKTA_SIGN_ON', 'PASSWORD', 'MFA_ENROLL', 'IDP_DISCOVERY', 'PROFILE_ENROLLMENT']
      .map((type) => [type, () => c.policyApi.listPolicies({ type })])),
  };
  for (const [what, call] of Object.entries(calls)) { await ok(`list ${what}`, call); }
}

async function walk(mode, c) {
  const login = `fam.node.${mode}@example.com`;
  const user = await ok('create user', () => c.userApi.createUser({ body: { profile: { firstName: 'Family', lastName: mode, email: login, login } } }));
  const group = await ok('create group', () => c.groupApi.createGroup({ group: { profile: { name: `Family node ${mode}`, description: 'd' } } }));
  await lists(c, user.id);
  const application = { name: 'bookmark', label: `Bookmark node ${mode}`, signOnMode: 'BOOKMARK', settings: { app: { requestIntegration: false, url: 'https://example.com/b' } } };
  const app = await ok('create app', () => c.applicationApi.createApplication({ application }));
  await ok('assign user', () => c.applicationApi.assignUserToApplication({ appId: app.id, appUser: { id: user.id } }));
  await ok('app users', () => c.applicationApi.listApplicationUsers({ appId: app.id }));
  await ok('assign group', () => c.applicationApi.assignGroupToApplication({ appId: app.id, groupId: group.id }));
  await ok('deactivate app', () => c.applicationApi.deactivateApplication({ appId: app.id }));
  await ok('delete app', () => c.applicationApi.deleteApplication({ appId: app.id }));
  const zone = { type: 'IP', name: `zone node ${mode}`, status: 'ACTIVE', gateways: [{ type: 'CIDR', value: '192.0.2.0/24' }] };
  const made = await ok('create zone', () => c.networkZoneApi.createNetworkZone({ zone }));
  await ok('deactivate zone', () => c.networkZoneApi.deactivateNetworkZone({ zoneId: made.id }));
  await ok('delete zone', () => c.networkZoneApi.deleteNetworkZone({ zoneId: made.id }));
  const authorizationServer = { name: `node ${mode}`, description: 'd', audiences: ['api://node'] };
  const server = await ok('create server', () => c.authorizationServerApi.createAuthorizationServer({ authorizationServer }));
  assert.equal(server.status, 'ACTIVE');
  const oAuth2Scope = { name: 'orders.read' };
  const oAuth2Claim = { name: 'tier', claimType: 'RESOURCE', valueType: 'EXPRESSION', value: '"gold"' };
  await ok('scope', () => c.authorizationServerApi.createOAuth2Scope({ authServerId: server.id, oAuth2Scope }));
  await ok('claim', () => c.authorizationServerApi.createOAuth2Claim({ authServerId: server.id, oAuth2Claim }));
  await ok('scopes', () => c.authorizationServerApi.listOAuth2Scopes({ authServerId: server.id }));
  await ok('claims', () => c.authorizationServerApi.listOAuth2Claims({ authServerId: server.id }));
  await ok('policies', () => c.authorizationServerApi.listAuthorizationServerPolicies({ authServerId: 'default' }));
  await ok('delete server', () => c.authorizationServerApi.deleteAuthorizationServer({ authServerId: server.id }));
  await ok('deactivate user', () => c.userApi.deactivateUser({ userId: user.id }));
  await ok('delete user', () => c.userApi.deleteUser({ userId: user.id }));
  await ok('delete group', () => c.groupApi.deleteGroup({ groupId: group.id }));
}

for (const [mode, config] of modes()) {
  await walk(mode, new okta.Client(config));
  console.log(`@okta/okta-sdk-nodejs, ${mode}, all families: done`);
}
console.log(`${checks} passed, 0 failed`);
