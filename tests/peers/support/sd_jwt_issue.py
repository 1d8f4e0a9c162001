"""Issues an SD-JWT VC with sd-jwt (the Python reference): nested and array disclosures, decoys. JSON in, compact out."""

import json
import sys

from jwcrypto.jwk import JWK
from sd_jwt.common import SDObj
from sd_jwt.issuer import SDJWTIssuer

request = json.load(sys.stdin)
claims = {
    "vct": request["vct"],
    "iss": "https://issuer.example",
    "exp": request["exp"],
    SDObj("given_name"): "Anna",
    SDObj("address"): {SDObj("locality"): "Voorbeeld", SDObj("country"): "NL"},
    "nationalities": [SDObj("NL"), SDObj("BE")],
}
issuer = SDJWTIssuer(
    user_claims=claims,
    issuer_key=JWK.from_json(json.dumps(request["key"])),
    holder_key=JWK.from_json(json.dumps(request["holder"])),
    sign_alg="ES256",
    add_decoy_claims=True,
    extra_header_parameters={"typ": "dc+sd-jwt", "x5c": request["x5c"]},
)
print(issuer.sd_jwt_issuance)
