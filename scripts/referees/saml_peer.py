"""A foreign SAML peer judges the service provider: pysaml2 reads its metadata, checks its questions and signs people in as
identity provider; xmlsec1 checks the signature of a question sent by form.

Wants KEYWRIGHT (the program), SANDBOX_URL and SANDBOX_TOKEN (an org of scripts/with-sandbox). Prints one line for each thing
that was seen; ends with 1 at the first that is wrong.
"""

import base64
import contextlib
import functools
import html
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.parse

import requests
import saml2.entity
from saml2 import BINDING_HTTP_POST, BINDING_HTTP_REDIRECT
from saml2.config import IdPConfig
from saml2.saml import NAMEID_FORMAT_UNSPECIFIED, NameID
from saml2.server import Server
from saml2.sigver import SecurityContext
from saml2.xmldsig import DIGEST_SHA256, DIGEST_SHA512, SIG_RSA_SHA256, SIG_RSA_SHA512

KEYWRIGHT = os.environ["KEYWRIGHT"]
ORG = os.environ["SANDBOX_URL"]
TOKEN = os.environ["SANDBOX_TOKEN"]
LOGIN = "ada.peer@acme.test"


# What pysaml2 encrypts with when nobody says otherwise is triple DES, which is refused; this is what it is told instead.
CIPHER, SESSION_KEY = "http://www.w3.org/2009/xmlenc11#aes256-gcm", "aes-256"


def encrypt_with(cipher, session_key):
    """Has pysaml2 encrypt by a cipher; it has no setting for it."""
    part, plain = saml2.sigver.pre_encryption_part, SecurityContext.encrypt_assertion
    saml2.entity.pre_encryption_part = functools.partial(part, msg_enc=cipher)
    SecurityContext.encrypt_assertion = functools.partialmethod(plain, key_type=session_key)


def saw(what):
    print("ok:", what, flush=True)


def need(right, what):
    if not right:
        sys.exit(f"WRONG: {what}")
    saw(what)


class Keywright:
    """The program on a database of its own."""

    def __init__(self, place):
        self.data = os.path.join(place, "data")

    def run(self, *words, stdin=None):
        command = [KEYWRIGHT, "--data", self.data, "--output", "json", *words]
        done = subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=120)
        if done.returncode != 0:
            sys.exit(f"WRONG: {' '.join(words)}: {done.stdout}{done.stderr}")
        return json.loads(done.stdout) if done.stdout.strip() else None

    @contextlib.contextmanager
    def serving(self):
        command = [KEYWRIGHT, "--data", self.data, "serve", "--listen", self.listen]
        server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        try:
            while "http" not in server.stdout.readline():
                if server.poll() is not None:
                    sys.exit("WRONG: the server did not start")
            yield
        finally:
            server.terminate()
            server.wait(timeout=60)


def okta(method, path, body=None):
    answer = requests.request(method, ORG + path, json=body, headers={"Authorization": f"SSWS {TOKEN}"}, timeout=30)
    answer.raise_for_status()
    return answer.json() if answer.text else None


def person():
    """One person in a group of their own; gives their id and the group's name."""
    profile = {"login": LOGIN, "email": LOGIN, "firstName": "Ada", "lastName": "Peer"}
    made = okta("POST", "/api/v1/users?activate=true", {"profile": profile, "credentials": {"password": {"value": "Correct-Horse-9"}}})
    group = okta("POST", "/api/v1/groups", {"profile": {"name": "Peers"}})
    okta("PUT", f"/api/v1/groups/{group['id']}/users/{made['id']}")
    return made["id"], "Peers"


def pair(place, name):
    key, certificate = (os.path.join(place, f"{name}.{kind}.pem") for kind in ("key", "cert"))
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate, "-days", "30", "-subj", f"/CN={name}"],
        check=True, capture_output=True,
    )
    return key, certificate


def identity_provider(place, key, certificate, metadata):
    base = "https://idp.peer.example"
    return Server(
        config=IdPConfig().load(
            {
                "entityid": f"{base}/metadata",
                "xmlsec_binary": shutil.which("xmlsec1"),
                "key_file": key,
                "cert_file": certificate,
                "encryption_keypairs": [],
                "metadata": {"local": [metadata]},
                "service": {
                    "idp": {
                        "endpoints": {
                            "single_sign_on_service": [
                                (f"{base}/sso/redirect", BINDING_HTTP_REDIRECT),
                                (f"{base}/sso/post", BINDING_HTTP_POST),
                            ]
                        },
                        "want_authn_requests_signed": True,
                        "name_id_format": [NAMEID_FORMAT_UNSPECIFIED],
                        "policy": {"default": {"lifetime": {"minutes": 5}, "attribute_restrictions": None, "name_form": "urn:oasis:names:tc:SAML:2.0:attrname-format:basic"}},
                    }
                },
            }
        )
    )


class Browser:
    def __init__(self, base):
        self.base = base
        self.http = requests.Session()

    def begin(self, login):
        answer = self.http.get(login, params={"return": "/me"}, allow_redirects=False, timeout=30)
        return answer

    def post(self, acs, fields):
        return self.http.post(acs, data=fields, allow_redirects=False, timeout=30, headers={"Origin": "https://idp.peer.example"})


def answer(idp, request, relay, okta_id, **how):
    how = dict(how)
    signing = how.pop("signing", (SIG_RSA_SHA256, DIGEST_SHA256))
    response = idp.create_authn_response(
        {"oktaId": [okta_id], "groups": ["Peers"]},
        in_response_to=request.message.id,
        destination=how.pop("destination"),
        sp_entity_id=request.message.issuer.text,
        name_id=NameID(format=NAMEID_FORMAT_UNSPECIFIED, text=LOGIN),
        authn={"class_ref": "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport", "authn_auth": "https://idp.peer.example"},
        sign_alg=signing[0],
        digest_alg=signing[1],
        **how,
    )
    return {"SAMLResponse": base64.b64encode(str(response).encode()).decode(), "RelayState": relay}


def asked(idp, browser, view):
    """Begins by HTTP-Redirect; gives the question as pysaml2 read and checked it, and RelayState."""
    begun = browser.begin(view["login_url"])
    query = dict(urllib.parse.parse_qsl(urllib.parse.urlparse(begun.headers["location"]).query))
    request = idp.parse_authn_request(
        query["SAMLRequest"], BINDING_HTTP_REDIRECT, relay_state=query["RelayState"], sigalg=query["SigAlg"], signature=query["Signature"]
    )
    return request, query


def free_port():
    import socket

    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def main():
    place = tempfile.mkdtemp(prefix="keywright-saml-peer.")
    try:
        judge(place)
    finally:
        shutil.rmtree(place, ignore_errors=True)


def judge(place):
    okta_id, group = person()
    keywright = Keywright(place)
    keywright.listen = f"127.0.0.1:{free_port()}"
    os.environ["KEYWRIGHT_PUBLIC_URL"] = f"http://{keywright.listen}"
    keywright.run("connect", ORG, "--name", "acme", "--auth", "api_token", "--token-file", "-", stdin=TOKEN)
    keywright.run("mapping", "add", group, "user")
    keywright.run("sync", "run")
    view = keywright.run("saml", "set", "acme")
    preview = keywright.run("saml", "metadata", "acme")
    metadata = os.path.join(place, "sp.xml")
    with open(metadata, "w", encoding="utf-8") as file:
        file.write(preview["metadata"])

    key, certificate = pair(place, "idp")
    idp = identity_provider(place, key, certificate, metadata)
    acs = idp.metadata.assertion_consumer_service(preview["entity_id"], BINDING_HTTP_POST)
    need([one["location"] for one in acs] == [preview["acs_url"]], "pysaml2 reads our metadata: entity id and ACS")
    need(len(idp.metadata.certs(preview["entity_id"], "spsso", "signing")) == 1, "pysaml2 finds our signing certificate in it")
    from saml2.metadata import entity_descriptor

    own = os.path.join(place, "idp.xml")
    with open(own, "w", encoding="utf-8") as file:
        file.write(str(entity_descriptor(idp.config)))
    view = keywright.run("saml", "set", "acme", "--metadata-file", own)
    need(view["standing"] == "ready" and len(view["certificates"]) == 1, "we read pysaml2's metadata")

    with keywright.serving():
        triple_des(idp, view, okta_id)
        encrypt_with(CIPHER, SESSION_KEY)
        signs_in(idp, view, okta_id)
        by_form(keywright, place, view, preview)
        refuses(idp, view, okta_id, place, metadata)
    reasons = [trace["code"] for trace in keywright.run("saml", "traces", "acme")]
    need(reasons == ["assertion_unsigned", "unknown_certificate", "encryption_algorithm"], f"the traces say why: {reasons}")


ENCRYPTED = {"sign_response": True, "sign_assertion": True, "encrypt_assertion": True, "encrypt_assertion_self_contained": True}


def triple_des(idp, view, okta_id):
    browser = Browser("")
    request, query = asked(idp, browser, view)
    got = browser.post(view["acs_url"], answer(idp, request, query["RelayState"], okta_id, destination=view["acs_url"], **ENCRYPTED))
    need(got.status_code == 403, "refused: an assertion encrypted by triple DES")


def signs_in(idp, view, okta_id):
    sha512 = (SIG_RSA_SHA512, DIGEST_SHA512)
    sp = None
    for name, how in [
        ("the response signed", {"sign_response": True, "sign_assertion": False}),
        ("the assertion signed", {"sign_response": False, "sign_assertion": True}),
        ("both signed", {"sign_response": True, "sign_assertion": True}),
        ("both signed with RSA-SHA512", {"sign_response": True, "sign_assertion": True, "signing": sha512}),
        ("signed and encrypted, the response signed", ENCRYPTED),
    ]:
        browser = Browser(view["login_url"])
        request, query = asked(idp, browser, view)
        if sp is None:
            sp = request.message.issuer.text
            need(sp == view["entity_id"], "pysaml2 takes our question and its signature (HTTP-Redirect)")
        fields = answer(idp, request, query["RelayState"], okta_id, destination=view["acs_url"], **how)
        got = browser.post(view["acs_url"], fields)
        session = browser.http.cookies.get("keywright")
        need(got.status_code == 303 and got.headers["location"] == "/me" and session, f"pysaml2 signs a person in: {name} ({got.status_code})")


def by_form(keywright, place, view, preview):
    keywright.run("saml", "set", "acme", "--binding", "post")
    page = Browser("").begin(view["login_url"]).text
    field = html.unescape(re.search(r'name="SAMLRequest" value="([^"]*)"', page).group(1))
    question = os.path.join(place, "question.xml")
    with open(question, "wb") as file:
        file.write(base64.b64decode(field))
    certificate = os.path.join(place, "sp.cert.pem")
    with open(certificate, "w", encoding="utf-8") as file:
        file.write(view["keys"][0]["certificate_pem"])
    done = subprocess.run(
        ["xmlsec1", "--verify", "--pubkey-cert-pem", certificate, "--id-attr:ID", "urn:oasis:names:tc:SAML:2.0:protocol:AuthnRequest", question],
        capture_output=True, text=True,
    )
    need(done.returncode == 0, f"xmlsec1 accepts the signature of our question (HTTP-POST) {done.stderr.strip()[:80] if done.returncode else ''}")
    keywright.run("saml", "set", "acme", "--binding", "redirect")


def refuses(idp, view, okta_id, place, metadata):
    key, certificate = pair(place, "stranger")
    stranger = identity_provider(place, key, certificate, metadata)
    for name, who, demand in [("a stranger's key", stranger, "either"), ("only the response signed where both are demanded", idp, "both")]:
        Keywright(place).run("saml", "set", "acme", "--demand", demand)
        browser = Browser("")
        request, query = asked(who, browser, view)
        fields = answer(who, request, query["RelayState"], okta_id, destination=view["acs_url"], sign_response=True, sign_assertion=False)
        got = browser.post(view["acs_url"], fields)
        need(got.status_code == 403 and not browser.http.cookies.get("keywright"), f"refused: {name}")


main()
