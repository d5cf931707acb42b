"""Okta's JWT verifiers for Python and Node, unchanged, on tokens of /oauth2/default over https.

usage: verifiers.py CREDENTIALS_FILE   with NODE_MODULES; the sandbox runs with --tls
"""
import asyncio
import base64
import hashlib
import json
import os
import re
import ssl
import subprocess
import sys
import tempfile
import urllib.parse

with open(sys.argv[1], encoding="utf-8") as file:
    org = json.load(file)
base = org["url"]
host, port = urllib.parse.urlsplit(base).hostname, urllib.parse.urlsplit(base).port
place = tempfile.NamedTemporaryFile("w", suffix=".pem", delete=False)
place.write(ssl.get_server_certificate((host, port)))
place.close()
os.environ.update(SSL_CERT_FILE=place.name, REQUESTS_CA_BUNDLE=place.name, NODE_EXTRA_CA_CERTS=place.name)

import requests  # noqa: E402
from okta_jwt_verifier import AccessTokenVerifier, IDTokenVerifier  # noqa: E402

BACK = "https://app.example/back"
ISSUER = f"{base}/oauth2/default"


def api(method, path, body=None):
    answer = requests.request(method, base + path, json=body, headers={"Authorization": f"SSWS {org['api_token']}"}, timeout=30)
    answer.raise_for_status()
    return answer.json() if answer.content else None


def tokens():
    """Signs Ada in to an app of her own, with PKCE."""
    app = api("POST", "/api/v1/apps", {
        "name": "oidc_client", "label": "Verified", "signOnMode": "OPENID_CONNECT",
        "credentials": {"oauthClient": {"token_endpoint_auth_method": "none"}},
        "settings": {"oauthClient": {"application_type": "browser", "redirect_uris": [BACK], "grant_types": ["authorization_code"],
                                     "response_types": ["code"]}}})
    everyone = api("GET", "/api/v1/groups?q=Everyone")[0]["id"]
    api("PUT", f"/api/v1/apps/{app['id']}/groups/{everyone}", {})
    client = app["credentials"]["oauthClient"]["client_id"]
    verifier = "v" * 64
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    browser = requests.Session()
    query = urllib.parse.urlencode({
        "client_id": client, "response_type": "code", "redirect_uri": BACK, "scope": "openid profile", "state": "s", "nonce": "n",
        "code_challenge": challenge, "code_challenge_method": "S256"})
    path = f"/oauth2/default/v1/authorize?{query}"
    assert "Sign In" in browser.get(base + path, timeout=30).text
    form = {"username": "ada.admin@acme.example", "password": "Keywright-Sandbox-1", "fromURI": path}
    answer = browser.post(f"{base}/login/login.htm", data=form, allow_redirects=False, timeout=30)
    answer = browser.get(answer.headers["Location"], allow_redirects=False, timeout=30)
    code = re.search(r"[?&]code=([^&]+)", answer.headers["Location"]).group(1)
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK, "code_verifier": verifier, "client_id": client}
    answer = requests.post(f"{ISSUER}/v1/token", data=form, timeout=30)
    answer.raise_for_status()
    return client, answer.json()


async def main():
    client, made = tokens()
    access = AccessTokenVerifier(issuer=ISSUER, audience="api://default")
    access.verify_sync(made["access_token"]) if hasattr(access, "verify_sync") else await access.verify(made["access_token"])
    identity = IDTokenVerifier(issuer=ISSUER, client_id=client, audience="api://default")
    await identity.verify(made["id_token"], nonce="n")
    broken = made["access_token"][:-6] + ("AAAAAA" if not made["access_token"].endswith("AAAAAA") else "BBBBBB")
    try:
        await AccessTokenVerifier(issuer=ISSUER, audience="api://default").verify(broken)
    except Exception:
        pass
    else:
        raise SystemExit("failed: a broken token was taken")
    print("okta-jwt-verifier (Python): done")
    script = """
const Verifier = require(process.env.NODE_MODULES + '/@okta/jwt-verifier');
const [issuer, client, access, id, broken] = process.argv.slice(1);
const verifier = new Verifier({ issuer, clientId: client });
(async () => {
  const one = await verifier.verifyAccessToken(access, 'api://default');
  if (one.claims.sub !== 'ada.admin@acme.example') throw new Error('sub');
  await verifier.verifyIdToken(id, client, 'n');
  let taken = true;
  try { await verifier.verifyAccessToken(broken, 'api://default'); } catch { taken = false; }
  if (taken) throw new Error('a broken token was taken');
})().catch((error) => { console.error(error); process.exit(1); });
"""
    subprocess.run(["node", "-e", script, ISSUER, client, made["access_token"], made["id_token"], broken], check=True)
    print("@okta/jwt-verifier: done\n6 passed, 0 failed")


asyncio.run(main())
os.unlink(place.name)
