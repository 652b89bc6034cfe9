"""YAML with line numbers, so that every complaint can say where. Knows nothing of what the keys mean."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from textbooks.errors import TextbooksError

Location = tuple[str | int, ...]
"""The road to a value: keys and positions from the root."""


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # the faster one where it is built
    """YAML without dates: `2024-01-01` is a text here, as JSON has no other word for it."""

    yaml_implicit_resolvers = {  # noqa: RUF012  # as PyYAML declares it
        first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


def parse(text: str) -> Any:
    """Return the value of a short YAML text."""
    return yaml.load(text, Loader=_Loader)  # noqa: S506  # a safe loader, without dates


@dataclass(frozen=True, slots=True, kw_only=True)
class Located:
    """A YAML document and the line of each of its values."""

    path: Path
    value: Any
    lines: dict[Location, int]
    base: "Located | None" = None
    """The document over which this one is laid."""

    def place(self, location: Location) -> str:
        """Return `file:line` of a value, or of its nearest parent that one of the files holds."""
        while location:
            for one in self.chain():
                if location in one.lines:
                    return f"{one.path}:{one.lines[location]}"
            location = location[:-1]
        return f"{self.path}:1"

    def chain(self) -> "list[Located]":
        """Return this document and those below it."""
        return [self, *(self.base.chain() if self.base else [])]


def over(source: Located, base: Located) -> Located:
    """Return a document laid over another: mappings are merged, all else is replaced, and null takes a key away."""
    return replace(source, value=_merged(base.value, source.value), base=base)


def _merged(base: Any, value: Any) -> Any:
    if not (isinstance(base, dict) and isinstance(value, dict)):
        return value
    merged = {key: _merged(base.get(key), one) for key, one in value.items() if one is not None}
    kept = {key: merged.pop(key, one) for key, one in base.items() if value.get(key, one) is not None}
    return {**kept, **merged}


def load(path: Path) -> Located:
    """Read one YAML file.

    Raises:
        TextbooksError: the file is missing, is not YAML, or gives a key twice.

    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise TextbooksError(f"cannot read {str(path)!r} ({error.strerror}); check the path") from error
    except UnicodeDecodeError as error:
        raise TextbooksError(f"{path} is not UTF-8 text ({error}); save it as UTF-8") from error
    lines: dict[Location, int] = {}
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        value = _construct(loader, node, (), lines, path) if node is not None else None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line = mark.line + 1 if mark else 1
        raise TextbooksError(
            f"{path}:{line}: not valid YAML: {error.problem}; mend the line (quote values that hold ': ' or '#')"
        ) from error
    except (yaml.YAMLError, RecursionError) as error:
        raise TextbooksError(f"{path}: not valid YAML: {error}; mend the file") from error
    finally:
        loader.dispose()
    return Located(path=path, value=value, lines=lines)


def _construct(
    loader: yaml.SafeLoader, node: yaml.Node, location: Location, lines: dict[Location, int], path: Path
) -> Any:
    lines[location] = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        mapping: dict[Any, Any] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            key = loader.construct_object(key_node) if isinstance(key_node, yaml.ScalarNode) else None
            if not isinstance(key, str):
                raise TextbooksError(f"{path}:{line}: a key must be a text; quote it")
            if key in mapping:
                raise TextbooksError(f"{path}:{line}: key {key!r} stands twice; remove one")
            mapping[key] = _construct(loader, value_node, (*location, key), lines, path)
            lines[(*location, key)] = line
        return mapping
    if isinstance(node, yaml.SequenceNode):
        return [
            _construct(loader, item, (*location, position), lines, path) for position, item in enumerate(node.value)
        ]
    return loader.construct_object(node)
