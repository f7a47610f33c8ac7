"""Small faults put into a source, one at a time (pure): what a test suite that looks at decisions must notice.

Compared with common tools, numbers above ten are left alone (bounds and thresholds: one more or less is the same decision), as are
annotations, texts, what a log or an error says, and what an interface declares.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from typing import NamedTuple

SMALL = 10
COMPARED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip
COUNTED: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.FloorDiv, ast.FloorDiv: ast.Mult, ast.Div: ast.Mult,
}  # fmt: skip
SAYING = {"debug", "info", "warning", "error", "exception"}


class Mutant(NamedTuple):
    """A faulty source, and what is wrong in it."""

    line: int
    said: str
    source: str


class Fault(NamedTuple):
    """What could be made wrong, and where."""

    path: tuple[str | int, ...]
    said: str
    change: object
    lines: range = range(0)
    """Those of the statement around it; of one that holds others, its head."""


def faults(source: str) -> list[Fault]:
    """Return what could be made wrong."""
    tree = ast.parse(source)
    return [
        fault._replace(lines=_lines(around))
        for path, node, around in _walk(tree, (), tree)
        for fault in _of(path, node)
    ]


def make(source: str, fault: Fault) -> Mutant:
    """Return the source with one fault."""
    tree = ast.parse(source)
    *to, last = fault.path
    place: object = tree
    for step in to:
        place = place[step] if isinstance(step, int) else getattr(place, step)  # type: ignore[index]  # a list then
    node = place[last] if isinstance(last, int) else getattr(place, last)  # type: ignore[index]  # the same
    faulty = ast.copy_location(fault.change(copy.deepcopy(node)), node)  # type: ignore[operator]  # see _of
    if isinstance(last, int):
        place[last] = faulty  # type: ignore[index]  # the same
    else:
        setattr(place, last, faulty)
    return Mutant(node.lineno, fault.said, ast.unparse(ast.fix_missing_locations(tree)))


def _lines(around: ast.AST) -> range:
    if not isinstance(around, ast.stmt):
        return range(0)
    end = around.end_lineno or around.lineno
    inside = [each.lineno for each in getattr(around, "body", []) if isinstance(each, ast.stmt)]
    return range(around.lineno, max(min([end + 1, *inside]), around.lineno + 1))


def _walk(
    node: ast.AST, path: tuple[str | int, ...], around: ast.AST
) -> Iterator[tuple[tuple[str | int, ...], ast.AST, ast.AST]]:
    """Yield each node with its path and the statement that it belongs to."""
    around = node if isinstance(node, ast.stmt) else around
    yield path, node, around
    for name, value in ast.iter_fields(node):
        if name in {"annotation", "returns", "decorator_list", "type_params"}:
            continue
        if isinstance(node, ast.FunctionDef) and _declares(node):
            continue
        if isinstance(node, ast.Raise | ast.JoinedStr | ast.Assert | ast.Import | ast.ImportFrom) or _says(node):
            continue
        if isinstance(value, ast.AST):
            yield from _walk(value, (*path, name), around)
        elif isinstance(value, list):
            for at, each in enumerate(value):
                if isinstance(each, ast.AST):
                    yield from _walk(each, (*path, name, at), around)


def _declares(node: ast.FunctionDef) -> bool:
    """Whether it says what others do, and does nothing."""
    return all(isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant) for each in node.body)


def _says(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in SAYING


def _of(path: tuple[str | int, ...], node: ast.AST) -> Iterator[Fault]:  # a list
    if isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in COMPARED:
        other = COMPARED[type(node.ops[0])]
        yield Fault(path, f"{ast.unparse(node)}: {other.__name__}", lambda n: _with(n, ops=[other()]))
    elif isinstance(node, ast.BoolOp):
        turned = ast.Or if isinstance(node.op, ast.And) else ast.And
        yield Fault(path, f"{ast.unparse(node)}: {turned.__name__}", lambda n: _with(n, op=turned()))
    elif isinstance(node, ast.BinOp) and type(node.op) in COUNTED:
        counted = COUNTED[type(node.op)]
        yield Fault(path, f"{ast.unparse(node)}: {counted.__name__}", lambda n: _with(n, op=counted()))
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield Fault(path, f"{ast.unparse(node)}: without not", lambda n: n.operand)
    elif isinstance(node, ast.IfExp):
        yield Fault(path, f"{ast.unparse(node)}: turned", lambda n: _with(n, body=n.orelse, orelse=n.body))
    elif isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield Fault(path, f"{node.value}: turned", lambda n: _with(n, value=not n.value))
    elif isinstance(node, ast.Constant) and isinstance(node.value, int) and 0 <= node.value <= SMALL:
        yield Fault(path, f"{node.value}: one more", lambda n: _with(n, value=n.value + 1))
    elif isinstance(node, ast.Break | ast.Continue):
        yield Fault(
            path, "break and continue: the other", lambda n: ast.Continue() if isinstance(n, ast.Break) else ast.Break()
        )
    elif isinstance(node, ast.Return) and node.value is not None and not _nothing(node.value):
        yield Fault(path, f"{ast.unparse(node)}: nothing", lambda n: _with(n, value=ast.Constant(value=None)))
    elif _does(node):
        yield Fault(path, f"{ast.unparse(node)}: left out", lambda _: ast.Pass())


def _does(node: ast.AST) -> bool:
    """Whether it is a statement that changes something which lasts."""
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Call) and not _says(node.value)
    if isinstance(node, ast.Assign):
        return all(isinstance(target, ast.Attribute | ast.Subscript) for target in node.targets)
    return isinstance(node, ast.AugAssign)


def _nothing(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and value.value is None


def _with(node: ast.AST, **fields: object) -> ast.AST:
    for name, value in fields.items():
        setattr(node, name, value)
    return node
