"""A verifier on openvc-core: signed request by reference, encrypted answer, every check of a relying party.

openvc-core verifies answers but writes no requests, so the request object is put together here, from OpenID4VP 1.0
sections 5 and 5.10, and signed by jwcrypto.
"""

import base64
import json
import secrets
import threading
import time
from urllib.parse import parse_qs, quote

from openvc.jwe import decrypt_compact
from openvc.keys import P256KeyAgreementKey
from openvc.openid4vp import verify_vp_token
from openvc.status.issue import verify_status_list_token
from openvc.x5c import leaf_public_jwk, load_x5c_chain, validate_cert_chain
from wire import Client, Server, certificates, obey, say, settings, sha256_b64url, sign

given = settings()
server = Server(given["tls"])
client = Client(given["tls"]["ca_file"])
anchors = certificates(given["anchors"])
asked = {}


def client_id(prefix):
    if prefix == "x509_hash":
        return "x509_hash:" + sha256_b64url(base64.b64decode(given["x5c"][0]))
    return "x509_san_dns:localhost"


def ask(query, prefix="x509_hash", mode="direct_post.jwt", enc="A256GCM", method="get", change=None, header=None, aud=None):
    """Opens a transaction; the link for the wallet and its id. `aud` may be "request_uri"."""
    transaction = secrets.token_urlsafe(12)
    key = P256KeyAgreementKey.generate("enc-1")
    metadata = {"vp_formats_supported": {"dc+sd-jwt": {"sd-jwt_alg_values": ["ES256"], "kb-jwt_alg_values": ["ES256"]}}}
    if mode == "direct_post.jwt":
        jwk = {**key.public_jwk(), "use": "enc", "alg": "ECDH-ES", "kid": "enc-1"}
        metadata |= {"jwks": {"keys": [jwk]}, "encrypted_response_enc_values_supported": [enc]}
    request = {
        "aud": f"{server.base}/request/{transaction}" if aud == "request_uri" else "https://self-issued.me/v2",
        "client_id": client_id(prefix),
        "response_type": "vp_token",
        "response_mode": mode,
        "response_uri": f"{server.base}/response/{transaction}",
        "nonce": secrets.token_urlsafe(24),
        "state": secrets.token_urlsafe(24),
        "dcql_query": query,
        "client_metadata": metadata,
        **(change or {}),
    }
    asked[transaction] = {"request": request, "key": key, "enc": enc, "header": header or {}, "done": threading.Event()}
    link = f"openid4vp://?client_id={quote(request['client_id'])}&request_uri={quote(f'{server.base}/request/{transaction}')}"
    if method == "post":
        link += "&request_uri_method=post"
    return {"link": link, "id": transaction, "client_id": request["client_id"]}


def request_object(http):
    one = asked[http.path.rsplit("/", 1)[1]]
    now = int(time.time())
    payload = {**one["request"], "iat": now, "exp": now + 300}
    if http.command == "POST":
        form = parse_qs(http.body, strict_parsing=True)
        # OpenID4VP 1.0 section 5.10: the wallet's metadata is one JSON member.
        one["wallet_metadata"] = json.loads(form["wallet_metadata"][0]) if "wallet_metadata" in form else None
        if "wallet_nonce" in form:
            payload["wallet_nonce"] = form["wallet_nonce"][0]
    header = {"typ": "oauth-authz-req+jwt", "x5c": given["x5c"], **one["header"]}
    return 200, sign(header, payload, given["key"]), {"content-type": "application/oauth-authz-req+jwt"}


def status_list(uri):
    """Fetches a list and checks its signer against the anchors, as the credential's own issuer."""
    status, headers, text = client.send("GET", uri, headers={"accept": "application/statuslist+jwt"})
    if status != 200 or headers.get_content_type() != "application/statuslist+jwt":
        raise ValueError(f"no status list at {uri}: {status}")
    header = json.loads(base64.urlsafe_b64decode(text.split(".")[0] + "=="))
    chain = load_x5c_chain(header["x5c"])
    validate_cert_chain(chain[0], chain[1:], trust_anchors=anchors)
    return verify_status_list_token(text, public_key_jwk=leaf_public_jwk(chain[0]), expected_uri=uri)


def verdict(one, form):
    """What a relying party learns; raises when anything is wrong."""
    request = one["request"]
    if request["response_mode"] == "direct_post.jwt":
        if set(form) != {"response"}:
            raise ValueError(f"an encrypted answer with {sorted(form)}")
        token = form["response"][0]
        header = json.loads(base64.urlsafe_b64decode(token.split(".")[0] + "=="))
        if header["enc"] != one["enc"] or header.get("kid") != "enc-1":
            raise ValueError(f"encrypted with {header}")
        payload = json.loads(decrypt_compact(token, key=one["key"]))
    else:
        payload = {name: values[0] for name, values in form.items()}
        if "vp_token" in payload:
            payload["vp_token"] = json.loads(payload["vp_token"])
    if payload.get("state") != request["state"]:
        raise ValueError("another state")
    if "error" in payload:
        return {"refused": payload["error"], "vp_token": payload.get("vp_token")}
    result = verify_vp_token(
        payload["vp_token"],
        dcql_query=request["dcql_query"],
        nonce=request["nonce"],
        client_id=request["client_id"],
        x5c_trust_anchors=anchors,
        resolve_status_list_token=status_list,
        require_status=True,
    )
    out = {}
    for presentation in result.presentations:
        (credential,) = presentation.credentials
        out[presentation.query_id] = {
            "claims": credential.claims,
            "issuer": credential.issuer,
            "key_bound": credential.key_bound,
            "status": credential.status and credential.status.status,
        }
    return {"presentations": out}


def response(http):
    one = asked[http.path.rsplit("/", 1)[1]]
    if http.headers.get_content_type() != "application/x-www-form-urlencoded":
        return 400, {"error": "invalid_request"}, {}
    try:
        one["result"] = verdict(one, parse_qs(http.body, strict_parsing=True))
    except Exception as error:
        one["result"] = {"error": f"{type(error).__name__}: {error}"}
    one["done"].set()
    return 200, {}, {"cache-control": "no-store"}


def result(id, wait=True):
    """What came of a transaction: `presentations`, `refused`, `error`, or nothing when no answer came."""
    one = asked[id]
    one["done"].wait(5 if wait else 0)
    return {"wallet_metadata": one.get("wallet_metadata"), **one.get("result", {})}


server.routes = {
    "GET /request/*": request_object,
    "POST /request/*": request_object,
    "POST /response/*": response,
}
say({"base": server.base})
obey({"ask": ask, "result": result, "seen": lambda: server.seen})
