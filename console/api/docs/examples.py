"""Every operation as a curl command that works when it is pasted, in the order of the page.

Those that make something, or list what cannot be made here, keep its id in a variable of the shell (`$APPOINTMENT`)
for those further down.
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
KEY = '-H "Authorization: Bearer $ZOOMPOOL_KEY"'
KEEP_ID = " | tee /dev/stderr | grep -o '\"id\":[0-9]*' | head -1 | cut -d: -f2"
ESCAPED = str.maketrans({"\\": "\\\\", "$": "\\$", "`": "\\`"})
NO_OBJECT = ("external_id",)  # ends like an id of ours and is none


@dataclass(frozen=True)
class Id:
    """Stands in an example for the id of some object, such as an `APPOINTMENT`."""

    of: str


@dataclass(frozen=True)
class Request:
    """An example of an operation. Ids are left open: the places of `{...}` in *path* are filled in their order."""

    method: str
    path: str
    ids: tuple[Id, ...]
    query: dict[str, Any]
    body: Any
    media_type: str | None


class Examples:
    """Makes the examples of one OpenAPI document, on the days after *today*."""

    def __init__(self, document: dict[str, Any], today: date) -> None:
        self._paths = document["paths"]
        self._schemas = document["components"]["schemas"]
        self._shift = today + timedelta(days=1) - EXAMPLE_DAY

    def request(self, method: str, path: str) -> Request:
        """The example of one operation."""
        operation = self._paths[path][method]
        given = {each["name"]: self._value(each["name"], _as_field(each)) for each in _query_of(operation)}
        media_type, media = next(iter(operation.get("requestBody", {}).get("content", {}).items()), (None, None))
        return Request(
            method=method,
            path=path,
            ids=tuple(Id(_noun(found)) for found in re.findall(r"(\w[\w-]*)/\{\w+\}", path)),
            query={name: value for name, value in given.items() if value is not None},
            body=None if media is None else self._example(media["schema"]),
            media_type=media_type,
        )

    def command(self, method: str, path: str) -> str:
        """The same for the shell."""
        request, operation = self.request(method, path), self._paths[path][method]
        verb = "" if method == "get" else f" -X {method.upper()}"
        words = [
            f'curl -sS{verb} "$ZOOMPOOL_URL/api/v1{_address(request)}"',
            '-H "Authorization: Bearer $ZOOMPOOL_KEY"',
        ]
        if method != "get":
            words.append(f'-H "Idempotency-Key: {operation["operationId"]}-$(date +%s)"')
        if request.media_type is not None:
            words += [f'-H "Content-Type: {request.media_type}"', "--data-binary @- <<END"]
        command, sets = " \\\n  ".join(words), self.sets(method, path)
        fed = "" if request.media_type is None else f"\n{_written(request.body)}\nEND"
        return f"{sets}=$({command}{KEEP_ID}{fed}{fed and chr(10)})" if sets else f"{command}{fed}"

    def sets(self, method: str, path: str) -> str | None:
        """The variable in which the example of an operation keeps an id, if it does."""
        last = path.rsplit("/", 1)[-1]
        if not any(re.search(rf"(^|/){last}/\{{", each) for each in self._paths):
            return None
        makes = any(
            each.rsplit("/", 1)[-1] == last and "201" in item["post"]["responses"]
            for each, item in self._paths.items()
            if "post" in item
        )
        return _noun(last) if method == ("post" if makes else "get") else None

    def _example(self, schema: dict[str, Any]) -> Any:
        """What *schema* gives as one, or made of its fields."""
        schema = self._resolved(schema)
        if "examples" in schema:
            return self._on_a_day_to_come(schema["examples"][0])
        if "properties" in schema:
            wanted = schema.get("required", ())
            made = {
                name: self._value(name, {**field, "required": name in wanted})
                for name, field in schema["properties"].items()
            }
            return {name: value for name, value in made.items() if value is not None}
        if schema.get("type") == "array":
            return [self._example(schema["items"])]
        if "enum" in schema:
            return schema["enum"][0]
        return schema.get("default", {"string": "text", "integer": 1, "boolean": True}.get(schema.get("type", "")))

    def _value(self, name: str, field: dict[str, Any]) -> Any:
        """The value of a field. None leaves it out, as whatever nobody has to send and has no example."""
        given = self._resolved(field)
        chosen = next((each for each in field.get("anyOf", ()) if each.get("type") != "null"), {})
        field = {**self._resolved(chosen), **given}
        if field["required"] is not True and (name.startswith("expected_") or "examples" not in field):
            return None
        if name.endswith("_id") and name not in NO_OBJECT and field.get("type") == "integer":
            return Id(_noun(name.removesuffix("_id")))
        return self._example(field)

    def _resolved(self, schema: dict[str, Any]) -> dict[str, Any]:
        if "$ref" not in schema:
            return schema
        own = {name: value for name, value in schema.items() if name not in ("$ref", "required")}
        meant = {**self._schemas[schema["$ref"].rsplit("/", 1)[-1]], **own}
        return {**meant, "required": schema["required"]} if isinstance(schema.get("required"), bool) else meant

    def _on_a_day_to_come(self, value: Any) -> Any:
        if isinstance(value, str):
            return DAY.sub(lambda found: f"{date.fromisoformat(found[1]) + self._shift}T", value)
        if isinstance(value, list):
            return [self._on_a_day_to_come(each) for each in value]
        return value


def _query_of(operation: dict[str, Any]) -> list[dict[str, Any]]:
    return [each for each in operation.get("parameters", ()) if each["in"] == "query"]


def _as_field(parameter: dict[str, Any]) -> dict[str, Any]:
    """A parameter as if it were a field of a body."""
    shown = {"examples": [parameter["example"]]} if "example" in parameter else {}
    return {**parameter["schema"], **shown, "required": parameter.get("required", False)}


def _noun(word: str) -> str:
    """`appointments` and `appointment`: `APPOINTMENT`; `deliveries`: `DELIVERY`."""
    return re.sub("ies$", "y", word).removesuffix("s").upper().replace("-", "_")


def _address(request: Request) -> str:
    ids = iter(request.ids)
    path = re.sub(r"\{\w+\}", lambda _: f"${next(ids).of}", request.path)
    query = "&".join(
        f"{name}={f'${value.of}' if isinstance(value, Id) else quote(str(value), safe=',:')}"
        for name, value in request.query.items()
    )
    return f"{path}?{query}" if query else path


def _written(body: Any) -> str:
    """*body* as a here-document that fills in variables."""
    if isinstance(body, str):
        return body.translate(ESCAPED).rstrip("\n")
    text = json.dumps(body, indent=2, ensure_ascii=False, default=lambda id_: f"@@{id_.of}@@").translate(ESCAPED)
    return re.sub(r'"@@(\w+)@@"', r"$\1", text)
