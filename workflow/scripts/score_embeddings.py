"""Place cell lines and drugs by the network of one fold and score the classes of drugs."""

from druggene.checkpoint import Checkpoint
from druggene.drugs import drug_matrix, read_drug_features
from druggene.interpretation.embedding import (
    classes_of,
    compare_classes,
    drug_embedding,
    embed_cell_lines,
    principal_components,
)
from druggene.interpretation.states import read_states
from druggene.logs import log_to
from druggene.tables import read_metadata, read_table, write_csv, write_table


def main() -> None:
    """Read states, checkpoint and drugs, write both embeddings and the scores of classes."""
    log_to(snakemake.log[0])
    files, outputs, params = snakemake.input, snakemake.output, snakemake.params
    metadata = read_metadata(files.states)
    marks = {"source": metadata["source"], "simulated": metadata["simulated"]}
    lines, shares = embed_cell_lines(read_states(files.states))
    what = "principal components of the root's states"
    write_table(lines, outputs.cell_lines, description=what, explained=shares.tolist(), **marks)
    known = read_table(files.drugs)
    embedding = drug_embedding(Checkpoint.load(files.checkpoint), files.drug_features, known)
    classes = classes_of(known, params.target_classes)
    points, shares = principal_components(embedding.to_numpy())
    drugs = embedding.index.to_frame(index=False).assign(pc1=points[:, 0], pc2=points[:, 1])
    drugs["class"] = drugs["drug"].map(classes).astype(object)
    what = "principal components of the last drug layer, and classes of target"
    write_table(drugs, outputs.drugs, description=what, explained=shares.tolist(), **marks)
    fingerprints = drug_matrix(read_drug_features(files.drug_features), "morgan", None)
    scores = compare_classes(embedding, fingerprints, classes, params.permutations, params.seed)
    write_csv(scores, outputs.scores)


if __name__ == "__main__":
    main()
