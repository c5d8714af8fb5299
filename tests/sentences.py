"""Finds sentences in a module that a student may read and no catalogue knows: literals that do not go through `_`."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

# two words, or a short sentence by itself
_PROSE = re.compile(r"[A-Za-z]{2,} [A-Za-z]+|[A-Za-z]+ [A-Za-z]{2,}|^[A-Z][a-z]+[^/]*[.!?…]$")
_TRANSLATED = {"_", "N_", "plural"}
# what they carry is translated where it is told
_TEMPLATES = {"Cause", "MessageError", "NoAnswer", "WireError"}
_FOR_AUTHORS = {
    "CourseError",
    "CourseFault",
    "GradebookError",
    "SandboxLost",
    "UnsupportedVersion",
    "RuntimeError",
    "TypeError",
    "ValueError",
    "AttributeError",
    "KeyError",
}
# names of what is found by itself, or is code, patterns or styles
_NO_SENTENCES = {
    "HINTS",
    "COMPARE",
    "FORBIDDEN",
    "_HEADS",
    "_INSTRUCTIONS",
    "_FORMS",
    "_IMPORTS",
    "_TRACER",
    "_STYLES",
    "_VIEW",
}
# code that a student is shown: an import, a command for the shell
_CODE = re.compile(r"(import|from|grader) \w|.* && ")
_NOT_READ = {"style", "help", "metavar", "justify"}
# what only authors, instructors and services read, in English: rooms, and files of rooms that speak to students as well
_FOR_INSTRUCTORS = (
    "authoring/",
    "classroom/",
    "course/",
    "sandbox/wire/private_names.py",
    "submission/protected.py",
    "devices/",
    "errors.py",
    "sandbox/inside/",
    "sandbox/isolation/",
    "cli/author.py",
    "cli/release.py",
    "cli/class_report.py",
    "cli/comment.py",
    "cli/desk.py",
    "cli/doctor.py",
    "cli/giveback.py",
    "cli/grade.py",
    "cli/excuse.py",
    "cli/gradebook.py",
    "cli/same_name.py",
    "cli/regrade.py",
    "cli/rubric_items.py",
    "cli/who_is_who.py",
    "cli/preview.py",
    "cli/run_summary.py",
    "cli/totals.py",
    "outputs/audit_table.py",
    "outputs/classroom50_result.py",
    "outputs/junit.py",
    "sandbox/gpu.py",
    "sandbox/parity.py",
    "sandbox/private_folder.py",
    "sandbox/sandbox.py",
    "sandbox/wire/received.py",
    "sandbox/zygote_channel.py",
    "sandbox/zygote_server_client.py",
    "checking/source/remarks.py",
    "submission/archives.py",
    "submission/git_files.py",
    "submission/git_refs.py",
    "submission/tar_files.py",
    "submission/zip_files.py",
)
_FOR_STUDENTS = {"course/stub_notebook.py", "course/translation.py"}


def modules_for_students(package: Path) -> list[Path]:
    """The modules of the grader that speak to students, the built-in course's checks among them."""
    return [
        path
        for path in sorted(package.rglob("*.py"))
        if not (file := path.relative_to(package).as_posix()).startswith(_FOR_INSTRUCTORS)
        or file in _FOR_STUDENTS
    ]


def untranslated(path: Path) -> list[ast.expr]:
    """The literals, and the uses of marked texts, that do not go through `_`."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [*_search(tree), *_bare(tree)]


def told(node: ast.expr) -> str:
    """A literal's text, with `xx` for each value in it."""
    if isinstance(node, ast.JoinedStr):
        return "".join(told(part) for part in node.values)
    if isinstance(node, ast.Name):
        return node.id
    return str(node.value) if isinstance(node, ast.Constant) else "xx"


def _search(node: ast.AST) -> Iterator[ast.expr]:
    if isinstance(node, ast.JoinedStr):
        words = [part for part in node.values if isinstance(part, ast.Constant)]
        prose = _PROSE.search(told(node)) and not _CODE.match(told(node))
        if prose and any(re.search("[A-Za-z]", told(part)) for part in words):
            yield node
        return
    if isinstance(node, ast.Constant):
        if isinstance(node.value, str) and _is_prose(node.value):
            yield node
        return
    for child in _children(node):
        yield from _search(child)


def _is_prose(text: str) -> bool:
    """Also a template, in which a placeholder counts as a word."""
    words = re.sub(r"\{[^{}]*\}", "", text)
    if _CODE.match(text):
        return False
    return bool(re.search("[A-Za-z]", words) and _PROSE.search(re.sub(r"\{[^{}]*\}", "xx", text)))


def _bare(tree: ast.Module) -> Iterator[ast.Name]:
    """Uses of a text that was marked with `N_` when the module was imported, and is not translated there."""
    marked = {
        target.id
        for statement in tree.body
        if isinstance(statement, ast.Assign) and _name(statement.value) == "N_"
        for target in statement.targets
        if isinstance(target, ast.Name)
    }
    told_well = {
        id(argument)
        for call in ast.walk(tree)
        if isinstance(call, ast.Call) and _name(call.func) == "_"
        for argument in call.args
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in marked:
            if id(node) not in told_well:
                yield node


def _children(node: ast.AST) -> Iterator[ast.AST]:
    """The parts of a node that may hold what is told."""
    match node:
        case ast.Expr(ast.Constant(str())):  # a docstring
            return
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            marks = {_name(decorator) for decorator in node.decorator_list}
            if not marks & {"probe", "helper"}:
                yield from (*node.args.defaults, *filter(None, node.args.kw_defaults), *node.body)
        case ast.ClassDef():
            if "helper" not in {_name(decorator) for decorator in node.decorator_list}:
                yield from node.body
        case ast.Call() if _name(node.func) in _TRANSLATED | _TEMPLATES:
            # with its values in it, it is found in no catalogue
            yield from (argument for argument in node.args if isinstance(argument, ast.JoinedStr))
        case ast.Call() if _name(node.func) in _FOR_AUTHORS:
            return
        case ast.Call(func=ast.Attribute(value=ast.Name("re"))):
            return
        case ast.Assign(targets=[ast.Name(name)]) if name in _NO_SENTENCES:
            return
        case ast.Assign(targets=[ast.Name("factors")], value=ast.Dict() as names):
            yield from filter(None, (*names.keys, *names.values))
        case ast.AnnAssign():
            yield from [node.value] if node.value else []
        case ast.Subscript():
            yield node.value
        case ast.Compare():
            plain = [part for part in (node.left, *node.comparators) if _is_plain(part)]
            yield from (part for part in (node.left, *node.comparators) if part not in plain)
        case ast.Dict():
            named = zip(node.keys, node.values, strict=True)
            yield from (
                value
                for key, value in named
                if not (isinstance(key, ast.Constant) and key.value in _NOT_READ)
            )
        case ast.keyword(arg="factors", value=ast.Dict() as names):
            yield from filter(None, (*names.keys, *names.values))
        case ast.keyword():
            if node.arg not in _NOT_READ:
                yield node.value
        case _:
            yield from ast.iter_child_nodes(node)


def _is_plain(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant | ast.Tuple | ast.Set)


def _name(node: ast.expr) -> str:
    function = node.func if isinstance(node, ast.Call) else node
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""
