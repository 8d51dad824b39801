"""The API described as OpenAPI 3.1, from the models that it reads and writes: the description cannot say anything else."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Literal

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

Json = Mapping[str, object]
_REFERENCES = "#/components/schemas/{model}"


@dataclass(frozen=True, slots=True)
class Operation:
    """One path and method, what it takes and what it answers."""

    method: str
    path_template: str
    name: str  # of the method that does it, whose docstring is the summary
    answer: type[BaseModel]
    body: type[BaseModel] | None = None
    path: Mapping[str, Json] = field(default_factory=dict)  # parameter -> its schema
    query: Mapping[str, Json] = field(default_factory=dict)
    failures: Mapping[HTTPStatus, str] = field(default_factory=dict)


def document(operations: Sequence[Operation], api: object, failure: type[BaseModel], *, title: str, server: str) -> Json:
    """The whole description."""
    models: list[tuple[type[BaseModel], Literal["validation", "serialization"]]] = [(failure, "serialization")]
    models += [(one.answer, "serialization") for one in operations]
    models += [(one.body, "validation") for one in operations if one.body]
    _, schemas = models_json_schema(models, ref_template=_REFERENCES)
    paths: dict[str, dict[str, Json]] = {}
    for one in operations:
        paths.setdefault(one.path_template, {})[one.method.lower()] = _operation(one, getattr(api, one.name).__doc__ or "", failure)
    return {
        "openapi": "3.1.0",
        "info": {"title": f"{title}: papers, topics, previews", "version": "1"},
        "servers": [{"url": server}],
        "paths": paths,
        "components": {"schemas": schemas.get("$defs", {})},
    }


def _operation(one: Operation, summary: str, failure: type[BaseModel]) -> Json:
    answers: dict[str, Json] = {"200": _content("As asked", one.answer)}
    answers |= {str(int(status)): _content(words, failure) for status, words in one.failures.items()}
    described: dict[str, object] = {"operationId": one.name, "summary": summary, "responses": answers}
    parameters = [{"name": name, "in": "path", "required": True, "schema": schema} for name, schema in one.path.items()]
    parameters += [{"name": name, "in": "query", "required": False, "schema": schema} for name, schema in one.query.items()]
    if parameters:
        described["parameters"] = parameters
    if one.body:
        described["requestBody"] = {"required": True, "content": _content("", one.body)["content"]}
    return described


def _content(words: str, model: type[BaseModel]) -> Json:
    schema = {"$ref": _REFERENCES.format(model=model.__name__)}
    return {"description": words, "content": {"application/json": {"schema": schema}}}
