"""What the console can do on a person's behalf, found in its code: nobody has to remember to list it."""

import ast
import importlib
import inspect
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import console

HERE = Path(console.__path__[0])
ZOOM_COMMANDS = HERE / "practice_zoom.py"


@cache
def modules() -> dict[str, ast.Module]:
    """The pages and what they are made of, by name. The API has callers with keys, and its own walk."""
    files = [*HERE.glob("*.py"), *HERE.glob("app_pages/*.py")]
    return {file.stem: ast.parse(file.read_text(encoding="utf-8")) for file in files}


def writing() -> set[str]:
    """Every function, as `module.function`, that names a service which wants an actor: each of those writes."""
    return {
        f"{stem}.{function.name}"
        for stem, tree in modules().items()
        for function in _functions(tree)
        if any(_wants_an_actor(found) for found in _named(function, _services(tree)))
    }


def asking() -> set[str]:
    """Every function that asks whether the person may."""
    return {
        f"{stem}.{function.name}"
        for stem, tree in modules().items()
        for function in _functions(tree)
        if any(isinstance(node, ast.Call) and ast.unparse(node.func) == "require" for node in ast.walk(function))
    }


def used_by(sites: set[str]) -> set[str]:
    """*sites*, and what they call in their own module."""
    found = set(sites)
    for stem, tree in modules().items():
        for function in _functions(tree):
            if f"{stem}.{function.name}" in sites:
                found |= {f"{stem}.{node.id}" for node in ast.walk(function) if isinstance(node, ast.Name)}
    return found


def zoom_commands() -> set[str]:
    """The methods by which the page Sandbox changes something at the practice Zoom."""
    [zoom] = [node for node in ast.parse(ZOOM_COMMANDS.read_text("utf-8")).body if isinstance(node, ast.ClassDef)]
    return {
        method.name
        for method in zoom.body
        if isinstance(method, ast.FunctionDef) and not method.name.startswith("_")
        and any(
            isinstance(node, ast.Call) and ast.unparse(node.func) == "self._ask"
            and ast.literal_eval(node.args[0]) != "GET"
            for node in ast.walk(method)
        )
    }  # fmt: skip


def zoom_commands_outside(wrappers: set[str]) -> set[str]:
    """Where one of them is given other than through one of *wrappers*, as `module:line`."""
    commands = zoom_commands()
    found = set()
    for stem, tree in modules().items():
        guarded = {
            id(inner)
            for call in ast.walk(tree)
            if isinstance(call, ast.Call) and ast.unparse(call.func) in wrappers
            for inner in ast.walk(call)
        }
        for node in ast.walk(tree):
            given = isinstance(node, ast.Attribute) and node.attr in commands and ast.unparse(node.value) == "zoom"
            if given and id(node) not in guarded:
                found.add(f"{stem}:{node.lineno}")  # type: ignore[attr-defined]
    return found


def _functions(tree: ast.Module) -> list[ast.FunctionDef]:
    return [node for node in tree.body if isinstance(node, ast.FunctionDef)]


def _services(tree: ast.Module) -> dict[str, Any]:
    """What a module imports from the services, by the name it has there."""
    found: dict[str, Any] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("core.services"):
            source = importlib.import_module(str(node.module))
            for each in node.names:
                if not hasattr(source, each.name):
                    importlib.import_module(f"{node.module}.{each.name}")
                found[each.asname or each.name] = getattr(source, each.name)
    return found


def _named(function: ast.FunctionDef, services: dict[str, Any]) -> Iterator[Any]:
    for node in ast.walk(function):
        if isinstance(node, ast.Name) and node.id in services:
            yield services[node.id]
        elif isinstance(node, ast.Attribute) and isinstance(services.get(ast.unparse(node.value)), ModuleType):
            yield getattr(services[ast.unparse(node.value)], node.attr)


def _wants_an_actor(found: Any) -> bool:
    """By name, or among whatever it passes on."""
    if not inspect.isfunction(found):
        return False
    known = inspect.signature(found).parameters.values()
    return any(each.name == "actor" or each.kind is each.VAR_KEYWORD for each in known)
