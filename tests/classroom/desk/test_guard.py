"""Who may talk to the desk: nobody but the browser that was given the token, from the desk's own pages."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from grader.classroom.desk.app import make_app
from grader.classroom.desk.guard import Guard
from grader.classroom.gradebook.reader import Gradebook
from tests.desks import PORT, Visitor

OWN = f"http://127.0.0.1:{PORT}"


def test_the_token_becomes_a_cookie_and_leaves_the_address(book: Gradebook) -> None:
    guard = Guard(PORT)
    client = make_app(book, guard, "me").test_client()
    assert client.get("/", base_url=OWN).status_code == 403
    address = urlsplit(guard.address)
    assert (address.hostname, address.port) == ("127.0.0.1", PORT)
    assert parse_qs(address.query) == {"token": [guard.token]}
    entered = client.get(f"/student?id=ada&token={guard.token}", base_url=OWN)
    cookie = entered.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert guard.token not in cookie + entered.text
    assert 'url=/student?id=ada"' in entered.text.replace(" ", "")
    assert client.get("/", base_url=OWN).status_code == 200
    # another desk's cookie opens nothing
    other = make_app(book, Guard(PORT), "me").test_client()
    name, _, rest = cookie.partition("=")
    other.set_cookie(name, rest.partition(";")[0], domain="127.0.0.1")
    assert other.get("/", base_url=OWN).status_code == 403


@pytest.mark.parametrize("path", ["/%5Cevil.example", "//evil.example/", "/%5C%5Cevil.example"])
def test_who_is_let_in_stays_at_the_desk(visitor: Visitor, path: str) -> None:
    """A browser takes an address that begins with two slashes, of either kind, for another machine's."""
    answer = visitor.client.get(f"{path}?token={visitor.guard.token}", base_url=OWN)
    target = answer.text.partition("url=")[2].partition('"')[0]
    assert target.startswith("/")
    assert not target.startswith(("//", "/\\"))


@pytest.mark.parametrize("token", ["", "x", "é", "x" * 5000])
def test_another_token_opens_nothing(book: Gradebook, token: str) -> None:
    client = make_app(book, Guard(PORT), "me").test_client()
    answer = client.get("/", query_string={"token": token}, base_url=OWN)
    assert answer.status_code == 403
    assert "Set-Cookie" not in answer.headers
    assert "Ada" not in answer.text


@pytest.mark.parametrize(
    "host", ["evil.example", f"evil.example:{PORT}", "127.0.0.1", "127.0.0.1:1", "[::1]:4711", ""]
)
def test_another_name_for_this_machine_is_refused(visitor: Visitor, host: str) -> None:
    for path in ("/", "/static/desk.js", f"/?token={visitor.guard.token}"):
        answer = visitor.client.get(path, base_url=OWN, headers={"Host": host})
        assert answer.status_code == 421, path
        assert "Ada" not in answer.text
    with visitor.client.get("/static/desk.js", base_url=f"http://localhost:{PORT}") as local:
        assert local.status_code == 200


@pytest.mark.parametrize(
    ("headers", "form_token"),
    [
        ({"Origin": "http://evil.example"}, None),
        ({"Origin": "null"}, None),
        ({"Origin": "http://127.0.0.1:1"}, None),
        ({"Sec-Fetch-Site": "cross-site"}, None),
        ({"Sec-Fetch-Site": "same-site"}, None),
        ({}, ""),
        ({}, "guess"),
    ],
)
def test_a_form_of_another_page_does_nothing(
    book: Gradebook, visitor: Visitor, headers: dict[str, str], form_token: str | None
) -> None:
    form = {"student": "ada", "points": "5", "why": "x"}
    form["form_token"] = visitor.guard.form_token if form_token is None else form_token
    answer = visitor.client.post("/points", data=form, headers=headers, base_url=OWN)
    assert answer.status_code == 403
    assert book.record("ada").adjustments == ()


def test_own_forms_are_taken(book: Gradebook, visitor: Visitor) -> None:
    form = {"student": "ada", "points": "5", "why": "x", "form_token": visitor.guard.form_token}
    headers = {"Origin": OWN, "Sec-Fetch-Site": "same-origin"}
    assert (
        visitor.client.post("/points", data=form, headers=headers, base_url=OWN).status_code == 303
    )
    assert book.record("ada").by_hand == 5


def test_no_way_but_a_form_writes(visitor: Visitor) -> None:
    """A link or a picture elsewhere could ask for a page, and a page never writes."""
    rules = visitor.client.application.url_map.iter_rules()
    writing = {rule.rule for rule in rules if "POST" in (rule.methods or ())}
    assert {"/comment", "/points", "/item/give"} <= writing
    for path in writing:
        assert visitor.get(path).status_code == 405


def test_nothing_else_runs_or_loads(visitor: Visitor) -> None:
    for answer in (visitor.get("/"), visitor.get("/student", id="nobody"), visitor.post("/points")):
        policy = answer.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "no-store"
        assert " style=" not in answer.text
        assert "<script>" not in answer.text
        assert "onclick" not in answer.text


def test_each_desk_has_its_own_secrets() -> None:
    several = [Guard(PORT) for _ in range(3)]
    secrets = {text for guard in several for text in (guard.token, guard.form_token, guard.cookie)}
    assert len(secrets) == 9
    assert min(map(len, secrets)) >= 43
    assert Guard(1).cookie_name != Guard(2).cookie_name
