"""Export the hierarchy with the scores of some drugs for Cytoscape."""

import pandas as pd

from druggene.checkpoint import Checkpoint
from druggene.explorer.contents import Graph
from druggene.explorer.graphs import exported_drugs, scored_graph, write_cx2, write_graphml
from druggene.interpretation.substitutes import nearest_drug
from druggene.logs import log_to
from druggene.tables import read_metadata, read_table


def main() -> None:
    """Read scores and hierarchies, write CX2 and GraphML."""
    log_to(snakemake.log[0])
    files, outputs, params = snakemake.input, snakemake.output, snakemake.params
    scores = read_table(files.term_scores)
    wanted = params.drugs or [nearest_drug(params.drug, read_table(files.drugs), pd.read_csv(files.known_targets))[0]]
    drugs = exported_drugs(wanted, sorted(scores["drug"].unique()))
    graph = Graph.of(scores, [Checkpoint.load(path).hierarchy for path in files.checkpoints])
    simulated = "simulated" if read_metadata(files.term_scores)["simulated"] else "measured"
    exported = scored_graph(graph, scores, drugs, name=params.name, data=simulated, score="out of fold")
    write_cx2(exported, outputs.cx2, f"{drugs[0]}::power")
    write_graphml(exported, outputs.graphml)


if __name__ == "__main__":
    main()
