"""Permute the hierarchy of one fold, or connect its layers fully, for a model that is a control."""

from druggene.constants import GENE
from druggene.genotype import channels_of
from druggene.hierarchy import Hierarchy
from druggene.hierarchy_controls import control_hierarchy
from druggene.logs import log_to
from druggene.tables import read_metadata, read_table, write_table


def main() -> None:
    """Read the real hierarchy, write the control."""
    log_to(snakemake.log[0])
    inputs, params = snakemake.input, snakemake.params
    tables = [read_table(inputs[name]) for name in ("terms", "term_edges", "term_genes")]
    real = Hierarchy.from_tables(*tables, read_table(inputs.genes, columns=[GENE])[GENE].tolist())
    channels = channels_of(params.omics, params.fusion)
    control = control_hierarchy(real, params.hierarchy, params.seed, params.neurons, channels)
    source = f"{params.hierarchy} control of: {read_metadata(inputs.term_edges)['source']}"
    names = ("terms", "term_edges", "term_genes")
    for name, table in zip(names, control.to_tables(), strict=True):
        write_table(table, snakemake.output[name], description=f"{name} of a control hierarchy", source=source)


if __name__ == "__main__":
    main()
