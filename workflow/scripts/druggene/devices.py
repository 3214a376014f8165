"""Where networks are computed: processor or GPU, with how many threads, and repeatably."""

import ctypes
import logging
import os
from typing import Final

import torch
import torch.utils.deterministic

logger = logging.getLogger(__name__)

CPU: Final = torch.device("cpu")


_M_TRIM_THRESHOLD, _M_MMAP_MAX = -1, -4  # of mallopt, <malloc.h>


def _keep_freed_memory() -> None:
    """Let the C library keep what is freed for what is asked for next, instead of giving it back to the kernel.

    A training step frees arrays as large as those that the next one asks for. The kernel hands out memory in pages of
    4 KB, each filled with zeros first: a fifth of a step's time. Without the GNU C library, nothing is changed.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return
    mallopt(_M_MMAP_MAX, 0)
    mallopt(_M_TRIM_THRESHOLD, 2**31 - 1)


def prepare_device(name: str, threads: int) -> torch.device:
    """Return the device called ``name``, set up so that the same work gives the same bits there.

    Parameters
    ----------
    name
        "cpu", "cuda", or "auto": CUDA where PyTorch finds a GPU, else the CPU.
    threads
        Number of threads that operators on the CPU may use.

    Raises
    ------
    ValueError
        If CUDA is asked for and there is no GPU, or fewer than one thread.
    """
    if threads < 1:
        raise ValueError(f"threads: {threads}; give 1 or more")
    torch.set_num_threads(threads)
    _keep_freed_memory()
    found = torch.cuda.is_available()
    if name == "cuda" and not found:
        raise ValueError(
            f"device: cuda is asked for, but PyTorch {torch.__version__} finds no GPU; set device to auto or cpu, "
            "or install a build of PyTorch for CUDA"
        )
    device = torch.device("cuda" if found and name != "cpu" else "cpu")
    if device.type == "cuda":
        # cuBLAS reads this once, when it starts; without it its sums depend on what runs beside them.
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
        torch.use_deterministic_algorithms(True)
        # Every element is written before it is read, so filling it would only cost time.
        torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
        logger.info("computing on %s", torch.cuda.get_device_name())
    else:
        logger.info("computing on the CPU with %d thread(s)", threads)
    return device
