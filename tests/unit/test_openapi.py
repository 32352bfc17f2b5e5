"""The API's description: complete, unambiguous, and true about forms."""

import json
import re

import pytest

from services.gateway.app import API_ROUTES
from services.gateway.openapi.document import openapi_document
from services.gateway.routing import FORM, MULTIPART

DOCUMENT = openapi_document(API_ROUTES, title="Satchel", version="1", description="")
OPERATIONS = [operation for path in DOCUMENT["paths"].values() for operation in path.values()]


def test_every_route_is_described_once_under_an_id_of_its_own() -> None:
    ids = [operation["operationId"] for operation in OPERATIONS]
    assert len(ids) == len(set(ids)) == len(API_ROUTES)


def test_every_reference_leads_to_a_schema() -> None:
    names = set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(DOCUMENT)))
    assert names
    assert names <= set(DOCUMENT["components"]["schemas"])


def test_every_parameter_of_a_path_is_declared() -> None:
    for path, operations in DOCUMENT["paths"].items():
        for operation in operations.values():
            declared = {parameter["name"] for parameter in operation["parameters"] if parameter["in"] == "path"}
            assert declared == set(re.findall(r"{(\w+)}", path))


@pytest.mark.parametrize("kind", [FORM, MULTIPART])
def test_lists_and_objects_are_json_text_in_a_form(kind: str) -> None:
    path = "/public/v1/app/{app_id}/chat/{agent_id}/call"
    fields = DOCUMENT["paths"][path]["post"]["requestBody"]["content"][kind]["schema"]["properties"]
    for name in ("file_references", "search_params"):
        assert (fields[name]["type"], fields[name]["contentMediaType"]) == ("string", "application/json")
    assert fields["message"]["type"] == "string"


def test_a_single_file_is_required_and_several_are_not() -> None:
    def form(path: str) -> dict[str, object]:
        content = DOCUMENT["paths"][f"/public/v1/app/{{app_id}}{path}"]["post"]["requestBody"]["content"]
        schema: dict[str, object] = content[MULTIPART]["schema"]
        return schema

    assert form("/files/{agent_id}/attach-file")["required"] == ["file"]
    assert form("/chat/{agent_id}/call-with-files")["required"] == ["message"]
