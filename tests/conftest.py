"""Fixtures that several test modules share."""

import os
from pathlib import Path

import pytest
import torch

# Small tensors are not worth a second thread, and sums stay the same on every machine.
torch.set_num_threads(1)


_TESTS = Path(__file__).parent


# Before pytest-xdist looks at the groups.
@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep together what shares fixtures that cost seconds: a folder of tests, whole runs; others by file."""
    for item in items:
        where = item.path.relative_to(_TESTS).parts
        group = "workflow" if len(where) == 2 and where[0] == "workflow" else "/".join(where[:2])
        item.add_marker(pytest.mark.xdist_group(group))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data that the repository does not carry."""
    folder = os.environ.get("DRUGGENE_DATA")
    if not folder:
        pytest.skip("DRUGGENE_DATA is not set: it names the folder with the published files and real omics")
    path = Path(folder)
    assert path.is_dir(), f"DRUGGENE_DATA={folder} is not a folder"
    return path
