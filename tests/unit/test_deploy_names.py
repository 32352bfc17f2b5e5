"""One name in seven places, and no variable that its service would not read.

A fourth service, or a renamed setting, must be carried everywhere before these pass.
"""

import ast
import importlib
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic_settings import BaseSettings

ROOT = Path(__file__).parents[2]
SERVICES = sorted(path.parent.name for path in (ROOT / "services").glob("*/__init__.py"))
MANIFESTS = ROOT / "deploy/k8s"


def compose() -> dict[str, Any]:
    return dict(yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"])


def deployment(service: str) -> dict[str, Any]:
    documents = yaml.safe_load_all((MANIFESTS / f"base/{service}.yaml").read_text())
    return next(document for document in documents if document["kind"] == "Deployment")


def container(service: str) -> dict[str, Any]:
    (one,) = deployment(service)["spec"]["template"]["spec"]["containers"]
    return dict(one)


def dockerfile_stage(service: str) -> str:
    """Give the lines of the Dockerfile's target of that name."""
    text = (ROOT / "deploy/Dockerfile").read_text()
    stage = re.search(rf"^FROM \S+ AS {service}\n(.*?)(?=^FROM |\Z)", text, re.DOTALL | re.MULTILINE)
    assert stage, f"no target {service}"
    return stage[1]


def settings_of(service: str) -> type[BaseSettings]:
    settings: type[BaseSettings] = importlib.import_module(f"services.{service}.settings").Settings
    return settings


def variables(settings: type[BaseSettings]) -> Iterator[str]:
    """Name every environment variable that the class and those nested in it read."""
    prefix = settings.model_config.get("env_prefix", "")
    for name, field in settings.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseSettings):
            yield from variables(field.annotation)
        else:
            yield (str(field.validation_alias) if field.validation_alias else f"{prefix}{name}").upper()


def env_file(path: Path) -> set[str]:
    lines = path.read_text().splitlines()
    return {line.split("=", 1)[0] for line in lines if line and not line.startswith("#")}


def test_there_are_services_to_compare() -> None:
    assert SERVICES == ["extraction", "gateway", "storage"]


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_has_a_dependency_group_and_a_lock_file_of_its_name(service: str) -> None:
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]

    assert service in groups
    assert (ROOT / f"requirements/{service}.txt").is_file()


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_has_a_dockerfile_target_that_runs_it_and_holds_no_other(service: str) -> None:
    stage = dockerfile_stage(service)

    assert f'"python", "-m", "services.{service}"]' in stage
    assert re.findall(r"COPY services/(\w+)", stage) == [service]
    assert re.findall(r"--from=(\S+)", stage) == [f"{service}-packages"]


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_is_built_by_compose_under_its_name(service: str) -> None:
    assert compose()[service]["build"]["target"] == service


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_is_deployed_to_kubernetes_under_its_name(service: str) -> None:
    manifest = deployment(service)

    assert manifest["metadata"]["name"] == service
    assert manifest["spec"]["template"]["metadata"]["labels"]["app.kubernetes.io/name"] == service
    assert (container(service)["name"], container(service)["image"]) == (service, f"satchel-{service}")


@pytest.mark.parametrize("service", SERVICES)
def test_a_services_own_variables_carry_its_name(service: str) -> None:
    assert settings_of(service).model_config["env_prefix"] == f"{service.upper()}_"


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_logs_under_its_name(service: str) -> None:
    tree = ast.parse((ROOT / f"services/{service}/__main__.py").read_text())
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name))
    names = [ast.literal_eval(call.args[0]) for call in calls if call.func.id == "configure_logging"]  # type: ignore[attr-defined]  # filtered above

    assert names == [service]


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_reads_every_variable_it_is_given(service: str) -> None:
    known = set(variables(settings_of(service)))
    in_image = set(re.findall(r"(\w+)=", "".join(re.findall(r"^ENV .*", dockerfile_stage(service), re.MULTILINE))))
    in_compose = set(compose()[service]["environment"])
    in_kubernetes = {variable["name"] for variable in container(service)["env"]}

    assert (in_image | in_compose | in_kubernetes) - known == set()


def test_somebody_reads_every_variable_of_the_shared_configuration() -> None:
    known = {variable for service in SERVICES for variable in variables(settings_of(service))}
    example = MANIFESTS / "overlays/example"
    literals = yaml.safe_load((example / "kustomization.yaml").read_text())["configMapGenerator"][0]["literals"]
    given = env_file(MANIFESTS / "base/config.env") | {literal.split("=", 1)[0] for literal in literals}
    secret = set().union(*map(env_file, (example / "secrets").glob("*.env")))

    assert (given | secret) - known == set()


def test_extraction_is_given_no_key_to_links_or_to_the_model() -> None:
    secrets = [source["secretRef"]["name"] for source in container("extraction")["envFrom"] if "secretRef" in source]

    assert secrets == ["satchel-stores"]
    assert not {"LINK_KEYS", "MODEL_API_KEY"} & set(compose()["extraction"]["environment"])


def test_compose_publishes_the_gateway_the_links_and_s3_and_nothing_else() -> None:
    published = {name: service["ports"] for name, service in compose().items() if "ports" in service}

    assert set(published) == {"gateway", "storage", "minio"}
    assert all(len(ports) == 1 for ports in published.values())
    assert [name for name, service in compose().items() if "outside" not in service["networks"]] == [
        "extraction",
        "rabbitmq",
        "mongo",
    ]
