"""The page for what could not be written: what is wrong, what others did, and what was typed, to be sent again."""

from __future__ import annotations

from flask import Response, make_response, render_template, request

from ...errors import ChangedMeanwhileError, GraderError
from ..sanitize import plain

# what people type; everything else that a form carries is sent again as it was
_TYPED = {"text": "Text", "why": "Reason", "points": "Points"}


def problem_page(error: GraderError) -> Response:
    """The answer to a request that failed: 404 for a page, 400 for a form, 409 where somebody else was faster."""
    message = plain(str(error))
    if request.method == "GET":
        return make_response(render_template("refused.html", message=message), 404)
    form = {name: text for name, text in request.form.items() if name != "form_token"}
    changed = isinstance(error, ChangedMeanwhileError)
    target = request.path
    if isinstance(error, ChangedMeanwhileError):
        if error.seen is not None:
            form["seen"] = str(error.seen)
        else:  # what was to be changed, or answered, is so no more
            target = "/comment"
    page = render_template(
        "again.html",
        message=message,
        changed=changed,
        target=target,
        typed=[(name, label, form[name]) for name, label in _TYPED.items() if name in form],
        kept=[(name, text) for name, text in form.items() if name not in _TYPED],
        student=form.get("student", ""),
        in_queue="queue" in form,
    )
    return make_response(page, 409 if changed else 400)
