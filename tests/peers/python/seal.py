"""Files sealed with a passphrase: age by pyrage, JWE by jwcrypto."""

import base64
import json
import sys

from pyrage import passphrase


def age_seal(content, secret):
    return passphrase.encrypt(content, secret)


def age_open(content, secret):
    return passphrase.decrypt(content, secret)


ORDERS = {"age_seal": age_seal, "age_open": age_open}


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
