"""Every operation as a curl command that works when it is pasted, in the order of the page.

Those that make something, or list what is there, keep its id in a variable (`$APPOINTMENT`) for those further down.
"""

import json
import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from urllib.parse import quote

# The examples of the schemas lie on this day. The page shows them on a day to come.
EXAMPLE_DAY = date(2030, 5, 6)
DAY = re.compile(r"\b(\d{4}-\d\d-\d\d)T")
KEEP_ID = """ | tee /dev/stderr | grep -o '"id":[0-9]*' | head -1 | cut -d: -f2)"""
ESCAPED = str.maketrans({"\\": "\\\\", "$": "\\$", "`": "\\`"})


@dataclass(frozen=True)
class Example:
    """One operation as a *command* of the shell; *sets* is the variable in which it keeps an id."""

    command: str
    sets: str | None


class Examples:
    """Makes the examples of one OpenAPI document, on the days after *today*."""

    def __init__(self, document: dict[str, Any], today: date) -> None:
        self._document = document
        self._schemas = document["components"]["schemas"]
        self._shift = today + timedelta(days=1) - EXAMPLE_DAY

    def of(self, method: str, path: str, operation: dict[str, Any]) -> Example:
        """The example of one operation."""
        sets = self._sets(method, path)
        body = self._body(operation)
        lines = [
            f'curl -sS{"" if method == "get" else f" -X {method.upper()}"} "$ZOOMPOOL_URL{self._url(path, operation)}"'
        ]
        lines.append('-H "Authorization: Bearer $ZOOMPOOL_KEY"')
        if method != "get":
            lines.append(f'-H "Idempotency-Key: {operation["operationId"]}-$(date +%s)"')
        if body is not None:
            lines += ['-H "Content-Type: application/json"', "-d @- <<JSON"]
        command = " \\\n  ".join(lines)
        end = KEEP_ID if sets else ""
        if body is None:
            return Example(f"{sets}=$({command}{end}" if sets else command, sets)
        if sets:  # what a here-document feeds goes on after its first line
            return Example(f"{sets}=$({command}{end[:-1]}\n{body}\nJSON\n)", sets)
        return Example(f"{command}\n{body}\nJSON", None)

    def _sets(self, method: str, path: str) -> str | None:
        """What is made has an id; what cannot be made here is found in its list."""
        if path.endswith("}") or path.rsplit("/", 1)[-1] not in self._collections():
            return None
        item = self._document["paths"][path]
        makes = "201" in item.get("post", {"responses": {}})["responses"]
        return _variable(path.rsplit("/", 1)[-1]) if method == ("post" if makes else "get") else None

    def _collections(self) -> set[str]:
        """`/appointments/{appointment_id}`: `appointments`."""
        return {found for path in self._document["paths"] for found in re.findall(r"(\w+)/\{", path)}

    def _url(self, path: str, operation: dict[str, Any]) -> str:
        filled = re.sub(r"(\w+)/\{\w+\}", lambda found: f"{found[1]}/${_variable(found[1])}", path)
        query = [
            f"{each['name']}={self._query(each['name'], value)}"
            for each in operation.get("parameters", ())
            if each["in"] == "query" and (value := self._value(each["name"], _described(each))) is not None
        ]
        return f"/api/v1{filled}" + (f"?{'&'.join(query)}" if query else "")

    def _query(self, name: str, value: Any) -> str:
        return str(value)[1:-1] if str(value).startswith("@") else quote(str(value), safe=",:")

    def _body(self, operation: dict[str, Any]) -> str | None:
        media = operation.get("requestBody", {}).get("content", {}).get("application/json")
        if media is None:
            return None
        written = json.dumps(self._example(media["schema"]), indent=2, ensure_ascii=False).translate(ESCAPED)
        return re.sub(r'"@\\\$(\w+)@"', r"$\1", written)

    def _example(self, schema: dict[str, Any]) -> Any:
        """An example of *schema*: what it names itself, or made of its fields."""
        schema = self._resolved(schema)
        if "examples" in schema:
            return self._shifted(schema["examples"][0])
        if "properties" in schema:
            made = {name: self._value(name, each, schema) for name, each in schema["properties"].items()}
            return {name: value for name, value in made.items() if value is not None}
        if schema.get("type") == "array":
            return [self._example(schema["items"])]
        if "enum" in schema:
            return schema["enum"][0]
        return schema.get("default", {"string": "text", "integer": 1, "boolean": True}.get(schema.get("type", "")))

    def _value(self, name: str, field: dict[str, Any], parent: dict[str, Any] | None = None) -> Any:
        """The value of a field; None leaves it out, as all that nobody has to send and that has no example."""
        wanted = name in (parent or {}).get("required", ()) or field.get("required") is True
        chosen = next((each for each in field.get("anyOf", ()) if each.get("type") != "null"), None)
        resolved = self._resolved({**field, **(chosen or {})})
        if not wanted and (name.startswith("expected_") or "examples" not in resolved):
            return None
        if name.endswith("_id") and name != "external_id" and resolved.get("type") == "integer":
            return f"@${_variable(name.removesuffix('_id'))}@"
        return self._example(resolved)

    def _resolved(self, schema: dict[str, Any]) -> dict[str, Any]:
        if "$ref" in schema:
            return {
                **self._schemas[schema["$ref"].rsplit("/", 1)[-1]],
                **{k: v for k, v in schema.items() if k != "$ref"},
            }
        return schema

    def _shifted(self, value: Any) -> Any:
        if isinstance(value, str):
            return DAY.sub(lambda found: f"{date.fromisoformat(found[1]) + self._shift}T", value)
        if isinstance(value, list):
            return [self._shifted(each) for each in value]
        if isinstance(value, dict):
            return {name: self._shifted(each) for name, each in value.items()}
        return value


def _described(parameter: dict[str, Any]) -> dict[str, Any]:
    """A parameter as if it were a field."""
    described = {**parameter["schema"], "required": parameter.get("required", False)}
    if "examples" in parameter or "example" in parameter:
        given = parameter.get("example", parameter.get("examples"))
        described["examples"] = given if isinstance(given, list) else [given]
    return described


def _variable(noun: str) -> str:
    """`appointments` and `appointment`: `APPOINTMENT`."""
    return noun.removesuffix("s").upper().replace("-", "_")
