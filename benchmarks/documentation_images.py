"""Takes the figures that the tutorial and README.md show from a finished default run, in the size of a page.

make results && .venv/bin/snakemake --cores 2 interpret
.venv/bin/python -m benchmarks.documentation_images results/gdsc2_part
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

FIGURES = {
    "metrics.png": "figures/random_pairs/metrics.png",
    "best_terms.png": "figures/random_pairs/druggene/measured/best_terms.png",
}
"""File in docs/images/ to the figure of the run, below results/<run>/."""
IMAGES = Path(__file__).resolve().parents[1] / "docs" / "images"
WIDTH = 1300
COLOURS = 128


def main(arguments: Sequence[str] | None = None) -> None:
    """Write every figure with ``WIDTH`` pixels a row and few colours, so that it is small in the repository."""
    parser = argparse.ArgumentParser(description="Take the documentation's figures from a finished default run.")
    parser.add_argument("results", type=Path, help="the run's folder, results/gdsc2_part")
    parser.add_argument("--output", type=Path, default=IMAGES, help="folder to write to (docs/images)")
    options = parser.parse_args(arguments)
    options.output.mkdir(parents=True, exist_ok=True)
    for name, source in FIGURES.items():
        with Image.open(options.results / source) as figure:
            size = WIDTH, round(figure.height * WIDTH / figure.width)
            small = figure.convert("RGB").resize(size, Image.Resampling.LANCZOS)
        small.quantize(COLOURS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).save(
            options.output / name, optimize=True
        )
        print(f"{options.output / name}: {(options.output / name).stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
