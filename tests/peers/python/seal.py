"""Files sealed with a passphrase: age by pyrage, JWE by jwcrypto."""

import base64
import json
import sys

from jwcrypto import jwa, jwe
from jwcrypto.jwk import JWK
from pyrage import passphrase

ALGORITHMS = ["PBES2-HS256+A128KW", "A128GCM"]
# Its own limit for opening is far below what one should write.
jwa.default_max_pbkdf2_iterations = 2_000_000


def age_seal(content, secret):
    return passphrase.encrypt(content, secret)


def age_open(content, secret):
    return passphrase.decrypt(content, secret)


def key_of(secret):
    return JWK.from_password(secret)


def jwe_seal(content, secret):
    header = {"alg": ALGORITHMS[0], "enc": ALGORITHMS[1]}
    token = jwe.JWE(content, json.dumps(header), algs=ALGORITHMS)
    token.add_recipient(key_of(secret))
    return token.serialize(compact=True).encode("ascii")


def jwe_open(content, secret):
    token = jwe.JWE(algs=ALGORITHMS)
    token.deserialize(content.decode("ascii"), key_of(secret))
    return token.payload


ORDERS = {"age_seal": age_seal, "age_open": age_open, "jwe_seal": jwe_seal, "jwe_open": jwe_open}


def main():
    sys.stdin.readline()
    print(json.dumps({}), flush=True)
    for line in sys.stdin:
        order = json.loads(line)
        try:
            result = ORDERS[order["order"]](base64.b64decode(order["content"]), order["passphrase"])
            answer = {"ok": True, "value": base64.b64encode(result).decode("ascii")}
        except Exception as error:  # pyrage raises classes of its own
            answer = {"ok": False, "error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), flush=True)


main()
