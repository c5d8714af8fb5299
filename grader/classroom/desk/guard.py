"""Who may talk to the desk: the browser that was given the token, on this machine, from the desk's own pages.

a page elsewhere whose name leads here (DNS rebinding)    its `Host` is not ours: refused
a page elsewhere that sends a form here                   no cookie (SameSite=Strict), another `Origin`, no form token
another user or program of this machine                   knows neither the token nor the cookie
code or a name that a student wrote                       is text; and the policy lets nothing else run or load
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from hmac import compare_digest
from urllib.parse import quote, urlencode

from flask import Flask, Response, render_template, request
from werkzeug.exceptions import HTTPException

POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    ]
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # `no-referrer` would take the origin from the desk's own forms as well
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class RefusedRequest(HTTPException):
    """A request that the desk does not answer; it says why with a status of HTTP."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.code = status


@dataclass(frozen=True)
class Guard:
    """The secrets of one run of the desk.

    Attributes:
        port: where it listens.
        token: stands in the address that is opened once, and becomes a cookie.
        form_token: stands in every form of the desk's pages.
    """

    port: int
    token: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    form_token: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    cookie: str = field(default_factory=lambda: secrets.token_urlsafe(32))

    @property
    def address(self) -> str:
        """What to open in a browser, once."""
        return f"http://127.0.0.1:{self.port}/?token={self.token}"

    @property
    def cookie_name(self) -> str:
        """Of its own for each port: a browser gives a machine's cookies to all its ports."""
        return f"grader-desk-{self.port}"

    def install(self, app: Flask) -> None:
        """Has `app` refuse what it should not answer, and send what keeps its pages to themselves."""
        app.before_request(self._admit)
        app.after_request(_with_headers)

    def _admit(self) -> Response | None:
        hosts = {f"{name}:{self.port}" for name in ("127.0.0.1", "localhost")}
        if request.host not in hosts | ({"127.0.0.1", "localhost"} if self.port == 80 else set()):
            raise RefusedRequest("This desk answers under its own address alone.", 421)
        if request.endpoint == "static":
            return None  # styles and scripts, which hold nothing of the class
        if "token" in request.args:
            return self._let_in(request.args["token"])
        if not _same(request.cookies.get(self.cookie_name, ""), self.cookie):
            raise RefusedRequest(
                "Open the address that `grader desk` printed in its terminal.", 403
            )
        if request.method != "GET":
            self._expect_own_form()
        return None

    def _let_in(self, token: str) -> Response:
        if not _same(token, self.token):
            raise RefusedRequest(
                "This address is of an earlier desk. Open the one it printed.", 403
            )
        rest = [(name, value) for name, value in request.args.items(True) if name != "token"]
        # quoted, so that a browser reads it as a page of the desk and no other machine's: `/\\elsewhere.org`
        target = quote(request.path) + (f"?{urlencode(rest)}" if rest else "")
        # a page that goes on by itself: after a redirect from elsewhere, a browser would keep the cookie back
        response = Response(render_template("enter.html", target=target))
        response.set_cookie(self.cookie_name, self.cookie, httponly=True, samesite="Strict")
        return response

    def _expect_own_form(self) -> None:
        origin = request.headers.get("Origin")
        site = request.headers.get("Sec-Fetch-Site", "same-origin")
        own = origin is None or origin == f"http://{request.host}"
        token = request.form.get("form_token", "")
        if not own or site != "same-origin" or not _same(token, self.form_token):
            raise RefusedRequest("This form is not one of this desk's. Load the page again.", 403)


def _same(given: str, expected: str) -> bool:
    return compare_digest(given.encode("utf-8", "replace"), expected.encode())


def _with_headers(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers[name] = value
    return response
