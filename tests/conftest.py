"""Fixtures that several test modules share."""

import os
from pathlib import Path

import pytest
import torch

# Small tensors are not worth a second thread, and sums stay the same on every machine.
torch.set_num_threads(1)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data that the repository does not carry."""
    folder = os.environ.get("DRUGGENE_DATA")
    if not folder:
        pytest.skip("DRUGGENE_DATA is not set: it names the folder with the published files and real omics")
    path = Path(folder)
    assert path.is_dir(), f"DRUGGENE_DATA={folder} is not a folder"
    return path
