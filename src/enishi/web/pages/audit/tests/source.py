"""What the source hands to ``write_audit``: every verb and every key of a detail, followed through names, parameters
and helpers to the plain words they are. What cannot be followed is an error: the log needs a title for it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[6]
VERB, DETAIL = 1, "detail"
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Place:
    """An expression and what surrounds it: the functions around it, innermost first, and its module."""

    node: ast.expr
    around: tuple[Function, ...]
    module: ast.Module


@cache
def modules() -> tuple[tuple[str, ast.Module], ...]:
    """Every module of the product and of the sample company."""
    roots = (CHECKOUT / "src" / "enishi", CHECKOUT / "examples")
    paths = [path for root in roots for path in sorted(root.rglob("*.py")) if "tests" not in path.parts]
    return tuple((str(path), ast.parse(path.read_text(encoding="utf-8"))) for path in paths)


def _calls(name: str) -> Iterator[tuple[ast.Call, tuple[Function, ...], ast.Module]]:
    for _path, module in modules():
        yield from _calls_in(module, name, (), module)


def _calls_in(
    node: ast.AST, name: str, around: tuple[Function, ...], module: ast.Module
) -> Iterator[tuple[ast.Call, tuple[Function, ...], ast.Module]]:
    if isinstance(node, Function):
        around = (node, *around)
    if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) == name:
        yield node, around, module
    for child in ast.iter_child_nodes(node):
        yield from _calls_in(child, name, around, module)


def verbs() -> set[str]:
    """The verbs of every audit line the source writes."""
    found: set[str] = set()
    for call, around, module in _calls("write_audit"):
        found |= set(_words(Place(call.args[VERB], around, module)))
    return found


def detail_keys() -> set[str]:
    """The keys of every detail that is written out where it is made."""
    found: set[str] = set()
    for call, around, module in _calls("write_audit"):
        for keyword in call.keywords:
            if keyword.arg == DETAIL:
                found |= set(_keys(Place(keyword.value, around, module)))
    return found


def _words(place: Place) -> Iterator[str]:
    node = place.node
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        for branch in (node.body, node.orelse):
            yield from _words(Place(branch, place.around, place.module))
    elif isinstance(node, ast.Subscript):
        yield from _words(Place(node.value, place.around, place.module))
    elif isinstance(node, ast.Dict):
        for value in node.values:
            yield from _words(Place(value, place.around, place.module))
    elif isinstance(node, ast.Name):
        for meant in _meanings(node.id, place):
            yield from _words(meant)
    else:
        raise AssertionError(f"no plain word: {ast.unparse(node)} (line {node.lineno})")


def _keys(place: Place) -> Iterator[str]:
    node = place.node
    if isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            if isinstance(key, ast.Constant):
                yield str(key.value)
            elif key is None:
                yield from _keys(Place(value, place.around, place.module))
    elif isinstance(node, ast.Name):
        for meant in _meanings(node.id, place):
            yield from _keys(meant)
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        made = next(
            (f for f in place.module.body if isinstance(f, Function) and f.name == node.func.id), None
        )
        for step in ast.walk(made) if made else ():
            if isinstance(step, ast.Return) and step.value:
                yield from _keys(Place(step.value, (made,), place.module))


def _meanings(name: str, place: Place) -> list[Place]:
    """What a name may stand for: what is assigned to it near by, what callers hand in, or the module's own."""
    for depth, function in enumerate(place.around):
        around = place.around[depth:]
        near = [Place(value, around, place.module) for value in _assigned(name, function)]
        if near:
            return near
        if name in _parameters(function):
            return _handed_in(function, name, place.module)
    return [Place(value, (), place.module) for value in _assigned(name, place.module, deep=False)]


def _assigned(name: str, scope: ast.AST, deep: bool = True) -> Iterator[ast.expr]:
    steps = ast.walk(scope) if deep else ast.iter_child_nodes(scope)
    for step in steps:
        targets = step.targets if isinstance(step, ast.Assign) else [getattr(step, "target", None)]
        value = getattr(step, "value", None)
        if not isinstance(step, ast.Assign | ast.AnnAssign) or value is None:
            continue
        for target in targets:
            if isinstance(target, ast.Name) and target.id == name:
                yield value
            elif isinstance(target, ast.Subscript) and getattr(target.value, "id", "") == name:
                yield ast.copy_location(ast.Dict([target.slice], [value]), value)


def _parameters(function: Function) -> list[str]:
    return [one.arg for one in (*function.args.args, *function.args.kwonlyargs)]


def _handed_in(function: Function, name: str, home: ast.Module) -> list[Place]:
    found, position = [], _parameters(function).index(name)
    for call, around, module in _calls(function.name):
        if function.name.startswith("_") and module is not home:
            continue
        given = [keyword.value for keyword in call.keywords if keyword.arg == name]
        given = given or call.args[position : position + 1]
        found += [Place(value, around, module) for value in given]
    return found
