"""Digest of the code that a rule runs, so that Snakemake reruns the rule when that code changes."""

import ast
import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path


def code_digest(script: Path, package: Path, *named: str) -> str:
    """Return the sha256 of ``script`` and of every module of ``package`` that it imports, transitively.

    Only what Python executes counts: comments, formatting, docstrings, modification times, the place of
    the files and the package's ``__version__`` change nothing. Imports inside functions and under
    ``if`` count like all others; a module that is named at run time (``importlib``) is not seen and has to be
    ``named``. The digest rests on Python's syntax tree, so that another minor version of Python may give another one.

    Parameters
    ----------
    script
        The adapter of a rule.
    package
        Folder of the package; its name is the name under which the package is imported.
    named
        Modules that the script imports besides, such as ``druggene.rivals.models.lasso``.

    Returns
    -------
    str
        64 hexadecimal digits.

    Raises
    ------
    ValueError
        If a file is not valid Python, or imports a module that the package does not have.
    """
    content, imported = _read(script, (), package.name)
    imported |= frozenset(_imports_of(ast.Import([ast.alias(name) for name in named]), (), package.name))
    digests = {"": content}
    waiting = [(script, imported)]
    while waiting:
        importer, names = waiting.pop()
        for name, is_module in names:
            path = _file_of(name, package)
            if path is None:
                if is_module:
                    raise ValueError(f"{importer}: imports {'.'.join(name)}, which {package} does not have")
                continue
            module = ".".join(name)
            if module not in digests:
                # A relative import counts from the package that holds the module.
                inside = name if path.name == "__init__.py" else name[:-1]
                digests[module], further = _read(path, inside, package.name)
                waiting.append((path, further))
    listing = "".join(f"{module} {digest}\n" for module, digest in sorted(digests.items()))
    return hashlib.sha256(listing.encode()).hexdigest()


# Names of modules as tuples: ("druggene", "tables"). With each stands whether it must be a module, or may
# be something defined in one (`from druggene.tables import read_table`).
_Imports = frozenset[tuple[tuple[str, ...], bool]]


def _file_of(name: tuple[str, ...], package: Path) -> Path | None:
    base = package.joinpath(*name[1:])
    for path in (base / "__init__.py", base.with_suffix(".py")):
        if path.is_file():
            return path
    return None


def _read(path: Path, inside: tuple[str, ...], package: str) -> tuple[str, _Imports]:
    try:
        return _parse(path.read_bytes(), inside, package)
    except (SyntaxError, ValueError) as error:
        line = f":{error.lineno}" if isinstance(error, SyntaxError) and error.lineno else ""
        raise ValueError(f"{path}{line}: not valid Python ({error.args[0]}); mend it before running") from error


@cache
def _parse(source: bytes, inside: tuple[str, ...], package: str) -> tuple[str, _Imports]:
    """Return the digest of a module's code and what it imports; kept, as many adapters share modules."""
    tree = ast.parse(source)
    imported: set[tuple[tuple[str, ...], bool]] = set()
    for node in _statements(tree):
        imported.update(_imports_of(node, inside, package))
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            _drop_docstring(node)
    tree.body = [statement for statement in tree.body if not _sets_version(statement)]
    return hashlib.sha256(ast.dump(tree).encode()).hexdigest(), frozenset(imported)


def _statements(node: ast.AST) -> Iterator[ast.AST]:
    """Yield a module and all statements in it, at any depth; expressions, most of the tree, are passed by."""
    yield node
    for field in ("body", "orelse", "finalbody", "handlers", "cases"):
        for statement in getattr(node, field, ()):
            yield from _statements(statement)


def _imports_of(node: ast.AST, inside: tuple[str, ...], package: str) -> Iterator[tuple[tuple[str, ...], bool]]:
    """Yield what one statement imports from the package, with the packages around it."""
    if isinstance(node, ast.Import):
        names = [(tuple(alias.name.split(".")), True) for alias in node.names]
    elif isinstance(node, ast.ImportFrom):
        module = tuple(node.module.split(".")) if node.module else ()
        if node.level:
            module = inside[: len(inside) - node.level + 1] + module
        names = [(module, True), *(((*module, alias.name), False) for alias in node.names)]
    else:
        return
    for name, is_module in names:
        if name and name[0] == package:
            yield name, is_module
            # Importing a module executes the __init__ of every package around it.
            yield from ((name[:depth], True) for depth in range(1, len(name)))


def _drop_docstring(node: ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> None:
    first = node.body[0] if node.body else None
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
        del node.body[0]


def _sets_version(statement: ast.stmt) -> bool:
    targets = statement.targets if isinstance(statement, ast.Assign) else []
    return any(isinstance(target, ast.Name) and target.id == "__version__" for target in targets)


def files_digest(folder: Path) -> str:
    """Return the sha256 of the names and contents of a folder's files, which a rule fills in or sends along."""
    digests = [f"{path.name} {hashlib.sha256(path.read_bytes()).hexdigest()}\n" for path in sorted(folder.iterdir())]
    return hashlib.sha256("".join(digests).encode()).hexdigest()
