"""A wallet composed from openvc-core (offers, metadata, cards, status), jwcrypto (proofs, encryption) and the steps of
OpenID4VCI 1.0 and OpenID4VP 1.0. It believes nothing: every answer is checked before it is used."""

import base64
import json
import time
from urllib.parse import parse_qs, urlencode, urlsplit

from jwcrypto.jwk import JWK
from openvc.keys import P256SigningKey, jwk_thumbprint
from openvc.openid4vci import (
    GRANT_PRE_AUTHORIZED_CODE,
    parse_credential_issuer_metadata,
    parse_credential_offer,
    verify_credential_request_proofs,
)
from openvc.proof._jws import verify_compact
from openvc.proof.sd_jwt import SdJwtVcProofSuite
from openvc.status.issue import verify_status_list_token
from openvc.verify import VerificationPolicy, verify_credential
from openvc.x5c import leaf_public_jwk, load_x5c_chain, validate_cert_chain
from wire import Client, Envelope, certificates, obey, say, seal, settings, sha256_b64url, sign

given = settings()
client = Client(given["ca_file"])
cards_anchors = certificates(given["card_anchors"])
access_anchors = certificates(given["access_anchors"])
cards = []


class Refused(Exception):
    """The issuer said no: status and body."""


def need(condition, what):
    if not condition:
        raise ValueError(what)


def call(method, url, body=None, headers=None, secret=False, envelope=None):
    """JSON in the answer, or Refused. `secret` answers must not be stored (OpenID4VCI 1.0 sections 6.2, 7.2, 8.3). With an
    `envelope` the answer must be sealed to it, unless it is an error."""
    status, out, text = client.send(method, url, body, headers)
    if secret:
        need("no-store" in (out.get("cache-control") or ""), f"{url} may be stored")
    if status == 204:
        return None
    if envelope and status < 300:
        need(out.get_content_type() == "application/jwt", f"{url} answers {out.get_content_type()} in the clear")
        value, header = envelope.open(text)
        need(header.get("kid") == envelope.jwk["kid"] and "zip" not in header, "sealed to another key")
        return value
    need(out.get_content_type() == "application/json", f"{url} answers {out.get_content_type()}")
    if status >= 300:
        raise Refused(f"{status} {json.loads(text).get('error')}")
    return json.loads(text)


def well_known(issuer, name):
    """Section 12.2.2: between host and path."""
    parts = urlsplit(issuer)
    return f"{parts.scheme}://{parts.netloc}/.well-known/{name}{parts.path.rstrip('/')}"


def read_offer(link):
    query = parse_qs(urlsplit(link).query, strict_parsing=True)
    need(len(query) == 1, f"a link with {sorted(query)}")
    if "credential_offer" in query:
        return parse_credential_offer(query["credential_offer"][0])
    return parse_credential_offer(call("GET", query["credential_offer_uri"][0]))


def new_key():
    return json.loads(JWK.generate(kty="EC", crv="P-256").export_private())


def public(key):
    return {name: key[name] for name in ("kty", "crv", "x", "y")}


def prove(key, issuer, nonce, change):
    header = {"typ": "openid4vci-proof+jwt", "jwk": public(key), **change.get("header", {})}
    claims = {"aud": issuer, "iat": int(time.time()), "nonce": nonce, **change.get("claims", {})}
    return sign(header, claims, key)


def status_list(uri):
    status, headers, text = client.send("GET", uri, headers={"accept": "application/statuslist+jwt"})
    need(status == 200 and headers.get_content_type() == "application/statuslist+jwt", f"no list at {uri}")
    header = json.loads(base64.urlsafe_b64decode(text.split(".")[0] + "=="))
    chain = load_x5c_chain(header["x5c"])
    validate_cert_chain(chain[0], chain[1:], trust_anchors=cards_anchors)
    return verify_status_list_token(text, public_key_jwk=leaf_public_jwk(chain[0]), expected_uri=uri)


def receive(link, tx_code=None, count=1, change=None, same_key=False, spend_nonce=False, enc=None):
    """The whole flow; what was learnt on the way. With `enc` both messages of the credential endpoint are encrypted."""
    offer = read_offer(link)
    issuer = offer.credential_issuer
    published = call("GET", well_known(issuer, "openid-credential-issuer"))
    metadata = parse_credential_issuer_metadata(published)
    need(metadata.credential_issuer == issuer, "the metadata names another issuer")
    server = metadata.authorization_servers[0] if metadata.authorization_servers else issuer
    authorization = call("GET", well_known(server, "oauth-authorization-server"))
    need(authorization["issuer"] == server, "the authorization server names another issuer")
    need(GRANT_PRE_AUTHORIZED_CODE in authorization["grant_types_supported"], "no pre-authorised grant")
    need(authorization.get("pre-authorized_grant_anonymous_access_supported") is True, "anonymous access not announced")
    (configuration_id,) = offer.credential_configuration_ids
    configuration = metadata.credential_configurations_supported[configuration_id]
    need(configuration["format"] == "dc+sd-jwt", "another format")
    need("jwk" in configuration["cryptographic_binding_methods_supported"], "not bound to keys")
    need("ES256" in configuration["proof_types_supported"]["jwt"]["proof_signing_alg_values_supported"], "no ES256")
    need(configuration["credential_metadata"]["display"], "a card without a name")

    grant = offer.grants[GRANT_PRE_AUTHORIZED_CODE]
    form = {"grant_type": GRANT_PRE_AUTHORIZED_CODE, "pre-authorized_code": grant["pre-authorized_code"]}
    if tx_code is not None:
        form["tx_code"] = tx_code
    urlencoded = {"content-type": "application/x-www-form-urlencoded"}
    token = call("POST", authorization["token_endpoint"], urlencode(form), urlencoded, secret=True)
    need(token["token_type"].lower() == "bearer" and 0 < token["expires_in"] <= 300, f"token of type {token['token_type']}")
    bearer = {"authorization": f"Bearer {token['access_token']}", "content-type": "application/json"}
    nonce = call("POST", metadata.nonce_endpoint, "", secret=True)["c_nonce"]

    keys = [new_key()] * count if same_key else [new_key() for _ in range(count)]
    proofs = [prove(key, issuer, nonce, change or {}) for key in keys]
    if not change and not same_key:
        # The strictest reader of key proofs that is at hand must have nothing against ours.
        body = {"credential_configuration_id": configuration_id, "proofs": {"jwt": proofs}}
        verify_credential_request_proofs(body, credential_issuer=issuer, check_nonce=lambda _: True, batch_size=max(count, 1))
    body = {"credential_configuration_id": configuration_id, "proofs": {"jwt": proofs}}
    if token.get("authorization_details"):
        body = {"credential_identifier": token["authorization_details"][0]["credential_identifiers"][0], "proofs": {"jwt": proofs}}
    if enc:
        envelope = Envelope("reply-1")
        requests, responses = published["credential_request_encryption"], published["credential_response_encryption"]
        need(enc in requests["enc_values_supported"] and enc in responses["enc_values_supported"], f"no {enc}")
        need("ECDH-ES" in responses["alg_values_supported"], "no ECDH-ES")
        (jwk,) = requests["jwks"]["keys"]
        body["credential_response_encryption"] = {"jwk": envelope.jwk, "enc": enc}
        sealed = {**bearer, "content-type": "application/jwt"}
        answer = call("POST", metadata.credential_endpoint, seal(body, jwk, enc), sealed, secret=True, envelope=envelope)
    else:
        answer = call("POST", metadata.credential_endpoint, json.dumps(body), bearer, secret=True)
    if spend_nonce:
        call("POST", metadata.credential_endpoint, json.dumps(body), bearer, secret=True)

    left = {jwk_thumbprint(public(key)): key for key in keys}
    need(0 < len(answer["credentials"]) <= count, f"{len(answer['credentials'])} copies for {count} keys")
    indexes = set()
    for one in answer["credentials"]:
        result = verify_credential(
            one["credential"],
            policy=VerificationPolicy(expected_vct=configuration["vct"], require_status=True),
            x5c_trust_anchors=cards_anchors,
            resolve_status_list_token=status_list,
        )
        key = left.pop(jwk_thumbprint(result.claims["cnf"]["jwk"]))
        need(not result.status.revoked and not result.status.suspended, "a card that is over already")
        indexes.add(result.status.ref.index)
        cards.append({"card": one["credential"], "key": key, "claims": result.claims})
    need(len(indexes) == len(answer["credentials"]), "copies with one place in the status list")
    if "notification_id" in answer:
        note = {"notification_id": answer["notification_id"], "event": "credential_accepted"}
        call("POST", metadata.notification_endpoint, json.dumps(note), bearer)
    return {
        "claims": cards[-1]["claims"],
        "copies": len(answer["credentials"]),
        "batch_size": metadata.batch_size,
        "notified": "notification_id" in answer,
    }


def only(card, names):
    """The card with the disclosures of these top-level claims only."""
    jwt, *disclosures, _ = card.split("~")
    keep = [one for one in disclosures if json.loads(base64.urlsafe_b64decode(one + "=="))[1] in names]
    return "~".join([jwt, *keep, ""])


def present(link, names, query_id, state=True, enc=None):
    """Answers a request with the card received last: these claims, nothing else."""
    asked = {name: values[0] for name, values in parse_qs(urlsplit(link).query).items()}
    form = {"wallet_metadata": json.dumps({"vp_formats_supported": {"dc+sd-jwt": {}}}), "wallet_nonce": "n" * 24}
    if asked.get("request_uri_method") == "post":
        status, headers, jwt = client.send("POST", asked["request_uri"], urlencode(form), {"content-type": "application/x-www-form-urlencoded"})
    else:
        status, headers, jwt = client.send("GET", asked["request_uri"])
    need(status == 200 and headers.get_content_type() == "application/oauth-authz-req+jwt", f"no request: {status}")
    header = json.loads(base64.urlsafe_b64decode(jwt.split(".")[0] + "=="))
    chain = load_x5c_chain(header["x5c"])
    validate_cert_chain(chain[0], chain[1:], trust_anchors=access_anchors)
    need(header["typ"] == "oauth-authz-req+jwt", "another type")
    _, request = verify_compact(jwt, public_key_jwk=leaf_public_jwk(chain[0]))
    need(request["client_id"] == asked["client_id"], "another client_id")
    prefix, _, value = request["client_id"].partition(":")
    need(prefix == "x509_hash" and value == sha256_b64url(base64.b64decode(header["x5c"][0])), "another certificate")
    if asked.get("request_uri_method") == "post":
        need(request["wallet_nonce"] == form["wallet_nonce"], "the nonce did not come back")
    need(request["response_type"] == "vp_token" and request["aud"] == "https://self-issued.me/v2", "another request")

    held = cards.pop()
    signer = P256SigningKey.from_jwk(held["key"], "holder")
    shown = SdJwtVcProofSuite().create_presentation(
        only(held["card"], names), holder_key=signer, audience=request["client_id"], nonce=request["nonce"]
    )
    answer = {"vp_token": {query_id: [shown]}}
    if state and "state" in request:
        answer["state"] = request["state"]
    if request["response_mode"] == "direct_post.jwt":
        (jwk,) = request["client_metadata"]["jwks"]["keys"]
        need(jwk["use"] == "enc" and jwk["alg"] == "ECDH-ES", f"a key for {jwk.get('use')}, {jwk.get('alg')}")
        enc = enc or request["client_metadata"]["encrypted_response_enc_values_supported"][0]
        form = {"response": seal(answer, jwk, enc)}
    else:
        form = {**answer, "vp_token": json.dumps(answer["vp_token"])}
    urlencoded = {"content-type": "application/x-www-form-urlencoded"}
    return call("POST", request["response_uri"], urlencode(form), urlencoded)


say({})
obey({"receive": receive, "present": present})
