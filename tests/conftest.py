"""Fixtures that several test modules share, and how tests are dealt out to workers."""

import os
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadFileScheduling

CLUSTER = "tests/workflow/cluster/"

# Small tensors are not worth a second thread, and sums stay the same on every machine.
torch.set_num_threads(1)

# How long an example takes tells how busy the machine is.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data that the repository does not carry."""
    folder = os.environ.get("DRUGGENE_DATA")
    if not folder:
        pytest.skip("DRUGGENE_DATA is not set: it names the folder with the published files and real omics")
    path = Path(folder)
    assert path.is_dir(), f"DRUGGENE_DATA={folder} is not a folder"
    return path


class ByFile(LoadFileScheduling):
    """Deals out whole files, as their fixtures are dear, and all tests of the only cluster to one worker."""

    def _split_scope(self, nodeid: str) -> str:
        return CLUSTER if nodeid.startswith(CLUSTER) else super()._split_scope(nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> ByFile:
    return ByFile(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest: the cluster, where tests mostly wait, and then the workflow."""
    items.sort(key=lambda item: (not item.nodeid.startswith(CLUSTER), "tests/workflow/" not in item.nodeid))
