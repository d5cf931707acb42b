// Okta's Node SDK, unchanged, against the sandbox: users, lifecycle, groups and members, in each way to authenticate.
//
// usage: node sdk_smoke.mjs CREDENTIALS_FILE   (written by `keywright sandbox --credentials-out FILE`)
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

// The SDK lives in an ignored folder that NODE_MODULES names.
const okta = createRequire(process.env.NODE_MODULES + '/')('@okta/okta-sdk-nodejs');
const org = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const scopes = ['okta.users.manage', 'okta.groups.manage'];
let checks = 0;

function same(got, want, what) {
  checks += 1;
  assert.deepEqual(got, want, what);
}

function modes() {
  const service = (app) => ({
    orgUrl: org.url, authorizationMode: 'PrivateKey', clientId: app.client_id, scopes,
    privateKey: app.private_key_pem, keyId: app.kid,
  });
  return [['token', { orgUrl: org.url, token: org.api_token }], ['oauth', service(org.oauth)], ['dpop', service(org.dpop)]];
}

async function all(collection) {
  const items = [];
  await (await collection).each((item) => { items.push(item); });
  return items;
}

async function refused(call) {
  try { await call; } catch (error) { return error.errorCode; }
  return 'no error';
}

async function walk(mode, client) {
  const login = `smoke.node.${mode}@example.com`;
  const profile = { firstName: 'Smoke', lastName: mode, email: login, login };
  const user = await client.userApi.createUser({ body: { profile }, activate: false });
  same(user.status, 'STAGED', 'a user that is not activated is STAGED');
  same((await client.userApi.getUser({ userId: login })).id, user.id, 'get by login');
  const changed = await client.userApi.updateUser({ userId: user.id, user: { profile: { nickName: 'Smokey' } } });
  same([changed.profile.nickName, changed.profile.login], ['Smokey', login], 'update keeps the rest');

  await client.userApi.activateUser({ userId: user.id, sendEmail: false });
  same((await client.userApi.getUser({ userId: user.id })).status, 'PROVISIONED', 'active without a password is PROVISIONED');

  const group = await client.groupApi.createGroup({ group: { profile: { name: `Smoke node ${mode}`, description: 'made by a test' } } });
  same((await client.groupApi.getGroup({ groupId: group.id })).profile.name, `Smoke node ${mode}`, 'group by id');
  same((await all(client.groupApi.listGroups({ q: `Smoke node ${mode}` }))).map((g) => g.id), [group.id], 'group by q');

  await client.groupApi.assignUserToGroup({ groupId: group.id, userId: user.id });
  same((await all(client.groupApi.listGroupUsers({ groupId: group.id }))).map((u) => u.id), [user.id], 'member is listed');
  await client.groupApi.unassignUserFromGroup({ groupId: group.id, userId: user.id });
  same(await all(client.groupApi.listGroupUsers({ groupId: group.id })), [], 'member is gone');

  const found = await all(client.userApi.listUsers({ filter: `profile.login eq "${login}"` }));
  same(found.map((u) => u.id), [user.id], 'user by filter');
  const people = (await all(client.userApi.listUsers({ limit: 7 }))).map((u) => u.id);
  same(new Set(people).size, people.length, 'pages give each person once');
  same(people.includes(user.id), true, 'pages give everyone');

  await client.userApi.deactivateUser({ userId: user.id });
  same((await client.userApi.getUser({ userId: user.id })).status, 'DEPROVISIONED', 'deactivated is DEPROVISIONED');
  await client.userApi.deleteUser({ userId: user.id });
  same(await refused(client.userApi.getUser({ userId: user.id })), 'E0000007', 'a deleted user is E0000007');
  await client.groupApi.deleteGroup({ groupId: group.id });
}

for (const [mode, config] of modes()) {
  await walk(mode, new okta.Client(config));
  console.log(`@okta/okta-sdk-nodejs, ${mode}: done`);
}
same(await refused(new okta.Client({ orgUrl: org.url, token: '00wrong' }).userApi.getUser({ userId: 'me' })), 'E0000011', 'a wrong token is E0000011');
console.log(`${checks} passed, 0 failed`);
