"""How CTRP's areas compare with DrugCell's and GDSC's AUCs on shared pairs, for several widths of the range.

    DRUGGENE_DATA=/where/it/lies PYTHONPATH=workflow/scripts:. python -m benchmarks.auc_scales

Reads responses.parquet of the folder that DRUGGENE_DATA names (ccle_name, smiles, value, source) and prints the table
of which docs/data.md has a part: of the pairs of cell line and structure that both have, each with the mean of its
curves, the correlation and the difference of CTRP's area divided by the width from the other AUC; then the part of
CTRP's curves above 1.
"""

import os
import sys
from pathlib import Path

import pandas as pd

from druggene.sources.ctrp import DOUBLINGS

CTRP = "CTRPv2_AUC_CFBSD_HW05"
OTHERS = {
    "DrugCell": ("DrugGene_repo", "DrugCell_"),
    "GDSC1": ("GDSC1_AUC",),
    "GDSC2": ("GDSC2_AUC",),
}
WIDTHS = range(DOUBLINGS - 1, DOUBLINGS + 2)


def main() -> None:
    """Print the agreement as a Markdown table."""
    if "DRUGGENE_DATA" not in os.environ:
        sys.exit("DRUGGENE_DATA is not set: it names the folder with responses.parquet")
    path = Path(os.environ["DRUGGENE_DATA"]) / "responses.parquet"
    table = pd.read_parquet(path, columns=["ccle_name", "smiles", "value", "source"]).dropna()
    table = table.astype({"ccle_name": "str", "smiles": "str", "source": "str"})
    areas = _mean(table[table["source"] == CTRP])
    print("| other AUC | pairs | Pearson | width | mean difference | median absolute difference |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for other, prefixes in OTHERS.items():
        pairs = pd.concat(
            [areas, _mean(table[table["source"].str.startswith(prefixes)])], axis=1, keys=["area", "auc"], join="inner"
        )
        for width in WIDTHS:
            difference = pairs["area"] / width - pairs["auc"]
            numbers = f"{pairs['area'].corr(pairs['auc']):.3f} | {width} | {difference.mean():+.3f}"
            print(f"| {other} | {len(pairs):,} | {numbers} | {difference.abs().median():.3f} |")
    print(f"\nabove 1 at width {DOUBLINGS}: {(table.loc[table['source'] == CTRP, 'value'] > DOUBLINGS).mean():.1%}")


def _mean(curves: pd.DataFrame) -> pd.Series:
    """Return the mean of each pair's curves."""
    return curves.groupby(["ccle_name", "smiles"])["value"].mean()


if __name__ == "__main__":
    main()
