"""An OpenID provider for tests, on loopback: discovery, authorization code with PKCE, keys, RS256 tokens.

It vouches for whoever the cookie ``as`` names; without one it shows a page to choose from.
"""

import base64
import hashlib
import json
import secrets
import threading
import time
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT, SECRET = "imprint", "a secret of the test"
PEOPLE = {
    name: {
        "sub": f"subject-of-{name}",
        "name": name.capitalize(),
        "email": f"{name}@clinic.example",
        "email_verified": True,
    }
    for name in ("ann", "bob")
}


class Provider:
    """Runs in a thread until ``stop``."""

    def __init__(self) -> None:
        self.key = RSAKey.generate_key(2048, {"use": "sig", "kid": "test"})
        self.codes: dict[str, dict[str, str]] = {}
        provider = self

        class Handler(_Handler):
            of = provider

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.issuer = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def claims(self, name: str) -> dict[str, object]:
        return {"iss": self.issuer, **PEOPLE[name]}

    def secrets(self, url: str) -> str:
        """What stands in Streamlit's secrets.toml for a server at an address."""
        return "\n".join(
            (
                "[auth]",
                f'redirect_uri = "{url}/oauth2callback"',
                f'cookie_secret = "{secrets.token_hex(32)}"',
                f'client_id = "{CLIENT}"',
                f'client_secret = "{SECRET}"',
                f'server_metadata_url = "{self.issuer}/.well-known/openid-configuration"',
            )
        )

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    of: Provider

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        if url.path == "/.well-known/openid-configuration":
            self._json(self._metadata())
        elif url.path == "/keys":
            self._json({"keys": [self.of.key.as_dict(private=False)]})
        elif url.path == "/authorize":
            self._authorize(query)
        else:
            self.send_error(404)

    def do_POST(self) -> None:
        sent = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        body = {name: values[0] for name, values in sent.items()}
        asked = self.of.codes.pop(body.get("code", ""), None)
        verifier = hashlib.sha256(body.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(verifier).rstrip(b"=").decode()
        right = asked is not None and asked["redirect_uri"] == body["redirect_uri"] and self._is_client(body)
        if asked is None or not right or asked["code_challenge"] != challenge:
            self._json({"error": "invalid_grant"}, 400)
        else:
            self._json({"access_token": "-", "token_type": "Bearer", "id_token": self._token(asked)})

    def _metadata(self) -> dict[str, object]:
        issuer = self.of.issuer
        return {
            "issuer": issuer,
            "authorization_endpoint": f"{issuer}/authorize",
            "token_endpoint": f"{issuer}/token",
            "jwks_uri": f"{issuer}/keys",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "code_challenge_methods_supported": ["S256"],
        }

    def _authorize(self, query: dict[str, str]) -> None:
        cookie = SimpleCookie(self.headers.get("Cookie", ""))
        name = query.get("as") or (cookie["as"].value if "as" in cookie else None)
        if name not in PEOPLE:
            links = [f'<p><a href="{self.path}&as={each}">{each}</a></p>' for each in PEOPLE]
            self._send("".join(links).encode(), "text/html")
            return
        code = secrets.token_urlsafe()
        self.of.codes[code] = {**query, "as": name}
        self.send_response(302)
        answer = urlencode({"code": code, "state": query["state"]})
        self.send_header("Location", f"{query['redirect_uri']}?{answer}")
        self.end_headers()

    def _is_client(self, body: dict[str, str]) -> bool:
        scheme, _, basic = self.headers.get("Authorization", "").partition(" ")
        named = base64.b64decode(basic).decode() if scheme == "Basic" else ""
        given = f"{body.get('client_id')}:{body.get('client_secret')}"
        return f"{CLIENT}:{SECRET}" in (named.replace("+", " ").replace("%20", " "), given)

    def _token(self, asked: dict[str, str]) -> str:
        now = int(time.time())
        claims = {"aud": CLIENT, "iat": now, "exp": now + 600, "nonce": asked["nonce"]}
        claims |= self.of.claims(asked["as"])
        return jwt.encode({"alg": "RS256", "kid": "test"}, claims, self.of.key)

    def _json(self, value: object, status: int = 200) -> None:
        self._send(json.dumps(value).encode(), "application/json", status)

    def _send(self, data: bytes, kind: str, status: int = 200) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *args: object) -> None:
        pass
