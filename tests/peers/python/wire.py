"""What the peers written in Python share: an https server, an https client, and orders from the test as JSON lines."""

import base64
import hashlib
import json
import ssl
import sys
import threading
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from jwcrypto.jwe import JWE
from jwcrypto.jwk import JWK
from jwcrypto.jws import JWS
from openvc.jwe import decrypt_compact
from openvc.keys import P256KeyAgreementKey


def b64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def sha256_b64url(data):
    return b64url(hashlib.sha256(data).digest())


def sign(header, payload, jwk):
    """A compact JWS by jwcrypto."""
    key = JWK(**jwk)
    jws = JWS(json.dumps(payload, separators=(",", ":")))
    jws.add_signature(key, None, json.dumps({"alg": "ES256", **header}))
    return jws.serialize(compact=True)


class Envelope:
    """A key for ECDH-ES: others seal to it, openvc-core opens."""

    def __init__(self, kid):
        secret = ec.generate_private_key(ec.SECP256R1())
        numbers = secret.public_key().public_numbers()
        x, y = (b64url(value.to_bytes(32, "big")) for value in (numbers.x, numbers.y))
        self.key = P256KeyAgreementKey(secret, kid)
        self.jwk = {"kty": "EC", "crv": "P-256", "x": x, "y": y, "alg": "ECDH-ES", "use": "enc", "kid": kid}

    def open(self, compact):
        """The JSON inside, and the header."""
        header = json.loads(base64.urlsafe_b64decode(compact.split(".")[0] + "=="))
        return json.loads(decrypt_compact(compact, key=self.key)), header


def seal(value, jwk, enc):
    """Encrypts JSON to `jwk`, by jwcrypto."""
    header = {"alg": jwk["alg"], "enc": enc, **({"kid": jwk["kid"]} if "kid" in jwk else {})}
    jwe = JWE(json.dumps(value).encode(), json.dumps(header))
    jwe.add_recipient(JWK(**jwk))
    return jwe.serialize(compact=True)


def certificates(x5c):
    """Certificates from base64 of DER."""
    return [x509.load_der_x509_certificate(base64.b64decode(one)) for one in x5c]


class Answer(Exception):
    """An HTTP answer that ends a handler early."""

    def __init__(self, status, body, headers=None):
        super().__init__(body)
        self.reply = (status, body, headers or {})


class Server:
    """An https server. `routes` maps "METHOD /path" (or a prefix ending in `/*`) to handler(request) -> (status,
    body, headers); a body that is not text is sent as JSON."""

    def __init__(self, tls):
        self.routes = {}
        self.seen = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                length = int(self.headers.get("content-length") or 0)
                self.body = self.rfile.read(min(length, 4 << 20)).decode("utf-8")
                path = self.path.split("?")[0]
                outer.seen.append(f"{self.command} {path}")
                handler = outer.routes.get(f"{self.command} {path}") or outer.routes.get(
                    f"{self.command} {path.rsplit('/', 1)[0]}/*"
                )
                try:
                    status, body, headers = handler(self) if handler else (404, {}, {})
                except Answer as early:
                    status, body, headers = early.reply
                except Exception as error:  # The test sees it in the answer and on standard error.
                    print(f"{type(error).__name__}: {error}", file=sys.stderr)
                    status, body, headers = 500, {"error": "server_error", "error_description": str(error)}, {}
                data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
                self.send_response(status)
                for name, value in {"content-type": "application/json", **headers}.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST = answer

            def log_message(self, *_):
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tls["certificate_file"], tls["key_file"])
        # A handshake belongs to its connection's thread, not to the one that accepts.
        self.http.socket = context.wrap_socket(self.http.socket, server_side=True, do_handshake_on_connect=False)
        self.http.daemon_threads = True
        self.base = f"https://localhost:{self.http.server_address[1]}"
        threading.Thread(target=self.http.serve_forever, daemon=True).start()


class Client:
    """An https client that trusts one file of authorities. Never follows a redirect."""

    def __init__(self, ca_file):
        class Stay(urllib.request.HTTPRedirectHandler):
            def redirect_request(self, *_):
                return None

        context = ssl.create_default_context(cafile=ca_file)
        self.opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=context), Stay)

    def send(self, method, url, body=None, headers=None):
        """(status, headers, text)"""
        data = body.encode() if body is not None else None
        request = urllib.request.Request(url, data=data, method=method, headers=headers or {})
        try:
            with self.opener.open(request, timeout=10) as response:
                return response.status, response.headers, response.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.headers, error.read().decode()


def settings():
    """The first line of standard input."""
    return json.loads(sys.stdin.readline())


def say(value):
    print(json.dumps(value), flush=True)


def obey(orders):
    """Answers every further line {"order": name, ...} with one line, until standard input ends."""
    for line in sys.stdin:
        given = json.loads(line)
        try:
            say({"ok": True, "value": orders[given.pop("order")](**given)})
        except Exception as error:
            say({"ok": False, "error": f"{type(error).__name__}: {error}"})
