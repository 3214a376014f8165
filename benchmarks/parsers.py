"""Time and memory of the portals' parsers on made-up files of the portals' full size.

    make benchmark-parsers                      # the parsers alone
    make benchmark-parsers ARGS="--baselines"   # and pandas and openpyxl on the same files

The files have the size and columns of the real ones, and values at random: 1,700 models x 19,000 genes of expression
(copy number has the same form), a million variants, 250,000 curves of GDSC as xlsx and csv, and 395,000 curves of CTRP
in its zip file.
Every parser runs in a process of its own, so that peaks of memory do not mix.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import csv as arrow_csv

from druggene.constants import AUC, CELL_LINE, DRUG, SMILES
from druggene.simulation.ctrp_archive import write_archive
from druggene.simulation.workbook import write_workbook
from druggene.sources.ctrp import read_ctrp
from druggene.sources.depmap import read_gene_matrix, read_mutations
from druggene.sources.gdsc import read_curves
from druggene.sources.gene_identity import GeneTable
from druggene.tables import write_csv

ROOT = Path(__file__).parents[1]
HUMAN_GENES = ROOT / "resources" / "go" / "human_genes.tsv.gz"
SIZES = {"models": 1700, "genes": 19000, "variants": 1_000_000, "gdsc_curves": 250_000, "ctrp_curves": 395_000}

FILES = {
    "expression": "OmicsExpressionProteinCodingGenesTPMLogp1.csv",
    "mutations": "OmicsSomaticMutations.csv",
    "GDSC, xlsx": "GDSC2_fitted_dose_response.xlsx",
    "GDSC, csv": "GDSC2_fitted_dose_response.csv",
    "CTRP, zip": "CTRPv2.0_2015_ctd2_ExpandedDataset.zip",
}
PARSERS: dict[tuple[str, str], Callable[[Path], Any]] = {
    ("expression", "druggene"): lambda path: read_gene_matrix(path, GeneTable.read(HUMAN_GENES)),
    ("mutations", "druggene"): lambda path: read_mutations(path, gene_table=GeneTable.read(HUMAN_GENES)),
    ("GDSC, xlsx", "druggene"): read_curves,
    ("GDSC, csv", "druggene"): read_curves,
    ("CTRP, zip", "druggene"): read_ctrp,
}
BASELINES: dict[tuple[str, str], Callable[[Path], Any]] = {
    ("expression", "pandas.read_csv"): lambda path: pd.read_csv(path, index_col=0),
    ("mutations", "pandas.read_csv"): lambda path: pd.read_csv(path, low_memory=False),
    ("GDSC, xlsx", "pandas with openpyxl"): lambda path: pd.read_excel(path, engine="openpyxl"),
    ("GDSC, csv", "pandas.read_csv"): pd.read_csv,
}


def main() -> None:
    """Make the files, measure every parser, print and write the table."""
    options = parse()
    if options.child:
        print(json.dumps(measure(tuple(options.child[:2]), Path(options.child[2]))))
        return
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        make_files(Path(folder), {name: max(20, int(size * options.scale)) for name, size in SIZES.items()})
        rows = []
        print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, sizes times {options.scale:g}\n")
        print("| file | MB | reader | seconds | CPU seconds | peak MB |\n| --- | ---: | --- | ---: | ---: | ---: |")
        for file, reader in [*PARSERS, *(BASELINES if options.baselines else {})]:
            path = Path(folder) / FILES[file]
            row = {"file": file, "megabytes": round(path.stat().st_size / 1e6, 1), "reader": reader}
            row |= in_child(file, reader, path)
            rows.append(row)
            print("| " + " | ".join(str(value) for value in row.values()) + " |", flush=True)
        write_csv(pd.DataFrame(rows), options.output / "parsers.csv")


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--baselines", action="store_true", help="measure pandas and openpyxl too")
    parser.add_argument("--scale", type=float, default=1.0, help="part of the full size")
    parser.add_argument("--folder", type=Path, help="where the files are made; some 900 MB (default: the system's)")
    parser.add_argument("--output", type=Path, default=Path("benchmarks/results"))
    parser.add_argument("--child", nargs=3, help=argparse.SUPPRESS)
    return parser.parse_args()


def in_child(file: str, reader: str, path: Path) -> dict[str, float]:
    """Measure one reader in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.parsers", "--child", file, reader, str(path)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    result: dict[str, float] = json.loads(done.stdout)
    return result


def measure(which: tuple[str, str], path: Path) -> dict[str, float]:
    """Return seconds, those of all cores together, and the peak of memory in MB, that of the libraries included."""
    read = {**PARSERS, **BASELINES}[which]
    begin, busy = time.perf_counter(), time.process_time()
    read(path)
    seconds, busy = time.perf_counter() - begin, time.process_time() - busy
    return {"seconds": round(seconds, 2), "cpu_seconds": round(busy, 2), "peak": round(peak_memory() / 1e6)}


def peak_memory() -> int:
    """Return the peak of this process's memory in bytes, from what Linux tells of it."""
    # Not getrusage: its peak counts the memory of the process that this one was forked from.
    status = Path("/proc/self/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) * 1024


def make_files(folder: Path, sizes: dict[str, int]) -> None:
    """Write all files below ``folder``."""
    rng = np.random.default_rng(1)
    genes = pd.read_csv(HUMAN_GENES, sep="\t", dtype="str").head(sizes["genes"])
    models = [f"ACH-{i:06d}" for i in range(1, sizes["models"] + 1)]
    _write_matrix(folder / FILES["expression"], models, genes, rng)
    _write_variants(folder / FILES["mutations"], models, genes, sizes["variants"], rng)
    curves = _gdsc_curves(sizes["gdsc_curves"], rng)
    curves.to_csv(folder / FILES["GDSC, csv"], index=False)
    write_workbook(curves, folder / FILES["GDSC, xlsx"], "Sheet 1")
    _write_ctrp(folder / FILES["CTRP, zip"], sizes["ctrp_curves"], rng)


def _write_matrix(path: Path, models: list[str], genes: pd.DataFrame, rng: np.random.Generator) -> None:
    names = ["", *(genes["symbol"] + " (" + genes["entrez_id"] + ")")]
    schema = pa.schema([(name, pa.string() if not name else pa.float64()) for name in names])
    with arrow_csv.CSVWriter(path, schema) as writer:
        for start in range(0, len(models), 50):
            part = models[start : start + 50]
            values = rng.gamma(2.0, 1.5, (len(genes), len(part))).round(9)
            writer.write_table(pa.table([pa.array(part), *map(pa.array, values)], schema=schema))


def _write_variants(path: Path, models: list[str], genes: pd.DataFrame, number: int, rng: np.random.Generator) -> None:
    gene = rng.integers(len(genes), size=number)
    consequences = np.array(["missense_variant", "synonymous_variant", "stop_gained", "intron_variant"])
    table = {
        "Chrom": np.char.add("chr", rng.integers(1, 23, number).astype("str")),
        "Pos": rng.integers(1, 200_000_000, number),
        "Ref": np.array(list("ACGT"))[rng.integers(4, size=number)],
        "Alt": np.array(list("ACGT"))[rng.integers(4, size=number)],
        "AF": rng.random(number).round(3),
        "DP": rng.integers(20, 400, number),
        "VariantType": "SNV",
        "VariantInfo": consequences[rng.choice(4, number, p=[0.6, 0.2, 0.1, 0.1])],
        "DNAChange": "ENST00000369535.5:c.557G>T",
        "ProteinChange": "p.C186F",
        "HugoSymbol": genes["symbol"].to_numpy()[gene],
        "EnsemblGeneID": "ENSG00000213281",
        "MolecularConsequence": "missense",
        "VepBiotype": "protein_coding",
        "LikelyLoF": False,
        "Rescue": False,
        "ModelID": np.array(models)[rng.integers(len(models), size=number)],
        "EntrezGeneID": genes["entrez_id"].to_numpy()[gene],
    }
    arrow_csv.write_csv(pa.Table.from_pandas(pd.DataFrame(table), preserve_index=False), path)


def _gdsc_curves(number: int, rng: np.random.Generator) -> pd.DataFrame:
    line, drug = rng.integers(970, size=number), rng.integers(290, size=number)
    return pd.DataFrame(
        {
            "DATASET": "GDSC2",
            "NLME_RESULT_ID": 343,
            "NLME_CURVE_ID": np.arange(15_946_310, 15_946_310 + number),
            "COSMIC_ID": 683_667 + line,
            "CELL_LINE_NAME": np.char.add("LINE-", line.astype("str")),
            "SANGER_MODEL_ID": np.char.add("SIDM0", line.astype("str")),
            "TCGA_DESC": "COREAD",
            "DRUG_ID": 1000 + drug,
            "DRUG_NAME": np.char.add("Drug ", drug.astype("str")),
            "PUTATIVE_TARGET": "TOP1",
            "PATHWAY_NAME": "DNA replication",
            "COMPANY_ID": 1046,
            "WEBRELEASE": "Y",
            "MIN_CONC": 0.000098,
            "MAX_CONC": 0.1,
            "LN_IC50": rng.normal(2, 3, number).round(6),
            "AUC": rng.random(number).round(6),
            "RMSE": rng.random(number).round(6),
            "Z_SCORE": rng.normal(0, 1, number).round(6),
        }
    )


def _write_ctrp(path: Path, number: int, rng: np.random.Generator) -> None:
    lines = pd.DataFrame({CELL_LINE: [f"L{i}" for i in range(887)]}).assign(
        stripped=lambda table: table[CELL_LINE], site="lung"
    )
    panel = pd.DataFrame({DRUG: [f"compound {i}" for i in range(545)], SMILES: "CC(=O)Oc1ccccc1C(=O)O"})
    panel = panel.assign(targets="TOP1;TOP2A", **{"class": "inhibitor"})
    responses = pd.DataFrame(
        {
            CELL_LINE: lines[CELL_LINE].to_numpy()[rng.integers(len(lines), size=number)],
            DRUG: panel[DRUG].to_numpy()[rng.integers(len(panel), size=number)],
            AUC: rng.beta(8, 2, number).round(6),
        }
    )
    write_archive(responses, lines, panel, path, top=66.0)


if __name__ == "__main__":
    main()
