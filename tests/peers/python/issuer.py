"""An issuer on openvc-core (requests and key proofs) and sd-jwt, the Python reference, or openvc-core itself (cards).

openvc-core runs no endpoints, so the token, nonce and notification endpoints are written here from OpenID4VCI 1.0
sections 6, 7 and 11. Its status list is packed by openvc-core.
"""

import json
import secrets
import time
from urllib.parse import parse_qs, quote

from jwcrypto.jwk import JWK
from openvc.errors import OpenvcError
from openvc.keys import P256SigningKey
from openvc.openid4vci import (
    ProofReplayed,
    parse_credential_issuer_metadata,
    parse_credential_offer,
    parse_credential_request,
    verify_credential_request_proofs,
)
from openvc.proof.sd_jwt import SdJwtVcProofSuite
from openvc.status.token_status_list import encode_status_list, new_status_list, set_status
from sd_jwt.common import SDObj
from sd_jwt.issuer import SDJWTIssuer
from wire import Answer, Envelope, Server, obey, say, seal, settings, sign

PRE_AUTHORIZED = "urn:ietf:params:oauth:grant-type:pre-authorized_code"
PLACES = 1024

given = settings()
server = Server(given["tls"])
base = server.base
batch = given.get("batch", 3)
engine = given.get("engine", "sd-jwt")
offers, codes, tokens, nonces = {}, {}, {}, set()
log = {"proofs": [], "notifications": [], "refused": [], "status_fetches": 0, "encrypted": [], "reply_keys": []}
envelope = Envelope("request-1")
places = new_status_list(PLACES)
free = list(range(PLACES))
secrets.SystemRandom().shuffle(free)

metadata = {
    "credential_issuer": base,
    "credential_endpoint": f"{base}/credential",
    "nonce_endpoint": f"{base}/nonce",
    "notification_endpoint": f"{base}/notification",
    "credential_configurations_supported": {
        "pid": {
            "format": "dc+sd-jwt",
            "vct": given["vct"],
            "scope": "pid",
            "cryptographic_binding_methods_supported": ["jwk"],
            "credential_signing_alg_values_supported": ["ES256"],
            "proof_types_supported": {"jwt": {"proof_signing_alg_values_supported": ["ES256"]}},
            "credential_metadata": {
                "display": [{"name": "Identity card", "locale": "en"}],
                "claims": [{"path": ["given_name"], "display": [{"name": "First name", "locale": "en"}]}],
            },
        }
    },
}
if "encryption" in given:
    how = {"enc_values_supported": given["encryption"], "encryption_required": True}
    metadata["credential_request_encryption"] = {"jwks": {"keys": [envelope.jwk]}, **how}
    metadata["credential_response_encryption"] = {"alg_values_supported": ["ECDH-ES"], **how}
if batch > 1:
    metadata["batch_credential_issuance"] = {"batch_size": batch}
parse_credential_issuer_metadata(metadata)
authorization = {
    "issuer": base,
    "token_endpoint": f"{base}/token",
    "grant_types_supported": [PRE_AUTHORIZED],
    "response_types_supported": [],
    "pre-authorized_grant_anonymous_access_supported": True,
}


def offer(tx_code=None, by_reference=False):
    """A credential offer as a link."""
    code = secrets.token_urlsafe(24)
    codes[code] = tx_code
    grant = {"pre-authorized_code": code}
    if tx_code:
        grant["tx_code"] = {"input_mode": "numeric", "length": len(tx_code)}
    body = {"credential_issuer": base, "credential_configuration_ids": ["pid"], "grants": {PRE_AUTHORIZED: grant}}
    parse_credential_offer(body)
    if not by_reference:
        return "openid-credential-offer://?credential_offer=" + quote(json.dumps(body))
    name = secrets.token_urlsafe(12)
    offers[name] = body
    return "openid-credential-offer://?credential_offer_uri=" + quote(f"{base}/offer/{name}")


def no_store(status, body):
    return status, body, {"cache-control": "no-store"}


def token(http):
    if http.headers.get_content_type() != "application/x-www-form-urlencoded":
        return no_store(400, {"error": "invalid_request"})
    form = {name: values[0] for name, values in parse_qs(http.body, strict_parsing=True).items()}
    if form.get("grant_type") != PRE_AUTHORIZED:
        return no_store(400, {"error": "unsupported_grant_type"})
    code = form.get("pre-authorized_code")
    if code not in codes:
        return no_store(400, {"error": "invalid_grant"})
    wanted = codes[code]
    # Section 6.3: a code that was not asked for is a wrong request, a wrong one a wrong grant.
    if (wanted is None) != ("tx_code" not in form):
        return no_store(400, {"error": "invalid_request"})
    if wanted is not None and form["tx_code"] != wanted:
        return no_store(400, {"error": "invalid_grant"})
    del codes[code]
    value = secrets.token_urlsafe(24)
    tokens[value] = time.time() + 300
    return no_store(200, {"access_token": value, "token_type": "Bearer", "expires_in": 300})


def bearer(http):
    scheme, _, value = (http.headers.get("authorization") or "").partition(" ")
    if scheme.lower() != "bearer" or tokens.get(value, 0) < time.time():
        raise Answer(401, {"error": "invalid_token"}, {"www-authenticate": "Bearer"})


def nonce(_):
    value = secrets.token_urlsafe(24)
    nonces.add(value)
    return no_store(200, {"c_nonce": value})


def consume(value):
    known = value in nonces
    nonces.discard(value)
    return known


class Careful(SDJWTIssuer):
    """sd-jwt puts decoys into every object, so also into `status`, where nobody can tell them from a status that was
    kept back (SD-JWT VC section 3.2.2.2). The claims in `always` are added after that."""

    def __init__(self, always, **rest):
        self.always = always
        super().__init__(**rest)

    def _assemble_sd_jwt_payload(self):
        super()._assemble_sd_jwt_payload()
        self.sd_jwt_payload.update(self.always)


def card(holder):
    """One copy: nested and array disclosures with decoys from sd-jwt, top-level ones from openvc-core."""
    now = int(time.time()) // 3600 * 3600
    always = {
        "iss": base,
        "vct": given["vct"],
        "iat": now,
        "exp": now + 86400,
        "status": {"status_list": {"idx": free.pop(), "uri": f"{base}/status"}},
        **given.get("always", {}),
    }
    address = {"locality": "Voorbeeld", "country": "NL"}
    if engine == "openvc":
        return SdJwtVcProofSuite().issue(
            {**always, "given_name": "Anna", "family_name": "Jansen", "address": address, "nationalities": ["NL", "BE"]},
            signing_key=P256SigningKey.from_jwk(given["key"], "signer"),
            disclosable=["given_name", "family_name", "address", "nationalities"],
            holder_jwk=holder,
            decoys=2,
            x5c=given["x5c"],
        )
    claims = {
        SDObj("given_name"): "Anna",
        SDObj("family_name"): "Jansen",
        SDObj("address"): {SDObj(name): value for name, value in address.items()},
        SDObj("nationalities"): [SDObj("NL"), SDObj("BE")],
    }
    if given.get("decoys_everywhere"):
        claims |= always
        always = {}
    return Careful(
        always,
        user_claims=claims,
        issuer_key=JWK(**given["key"]),
        holder_key=JWK(**holder),
        sign_alg="ES256",
        add_decoy_claims=True,
        extra_header_parameters={"typ": "dc+sd-jwt", "x5c": given["x5c"]},
    ).sd_jwt_issuance


def opened(http):
    """The request, and what its answer is to be sealed with."""
    if "encryption" not in given:
        return json.loads(http.body), None
    if http.headers.get_content_type() != "application/jwt":
        raise Answer(400, {"error": "invalid_encryption_parameters"})
    request, header = envelope.open(http.body)
    log["encrypted"].append([header["enc"], header["kid"]])
    reply = request.pop("credential_response_encryption")
    log["reply_keys"].append(reply["jwk"])
    return request, reply


def credential(http):
    bearer(http)
    body, reply = opened(http)
    try:
        request = parse_credential_request(body, batch_size=batch, supported_configuration_ids=["pid"])
        proofs = verify_credential_request_proofs(
            request, credential_issuer=base, check_nonce=consume, batch_size=batch
        )
    except OpenvcError as error:
        log["refused"].append(f"{type(error).__name__}: {error}")
        kind = "invalid_nonce" if isinstance(error, ProofReplayed) else "invalid_proof"
        return no_store(400, {"error": kind, "error_description": "see the log"})
    log["proofs"].append([proof.thumbprint for proof in proofs])
    copies = [{"credential": card({**proof.public_jwk})} for proof in proofs]
    answer = {"credentials": copies, "notification_id": secrets.token_urlsafe(12)}
    if reply is None:
        return no_store(200, answer)
    return 200, seal(answer, reply["jwk"], reply["enc"]), {"cache-control": "no-store", "content-type": "application/jwt"}


def notification(http):
    bearer(http)
    log["notifications"].append(json.loads(http.body)["event"])
    return 204, "", {}


def status_list(_):
    log["status_fetches"] += 1
    now = int(time.time())
    claims = {
        "sub": f"{base}/status",
        "iat": now,
        "exp": now + 3600,
        "ttl": 1,
        "status_list": {"bits": 1, "lst": encode_status_list(bytes(places))},
    }
    text = sign({"typ": "statuslist+jwt", "x5c": given["x5c"]}, claims, given["key"])
    return 200, text, {"content-type": "application/statuslist+jwt"}


def revoke_all():
    """Ends every card that was issued."""
    for index in set(range(PLACES)) - set(free):
        set_status(places, index, 1)


server.routes = {
    "GET /.well-known/openid-credential-issuer": lambda _: (200, metadata, {}),
    "GET /.well-known/oauth-authorization-server": lambda _: (200, authorization, {}),
    "GET /offer/*": lambda http: (200, offers[http.path.rsplit("/", 1)[1]], {}),
    "POST /token": token,
    "POST /nonce": nonce,
    "POST /credential": credential,
    "POST /notification": notification,
    "GET /status": status_list,
}
say({"base": base})
obey({"offer": offer, "log": lambda: log, "revoke_all": revoke_all, "seen": lambda: server.seen})
