"""Hierarchies as text files, and what the Gene Ontology gives beside what was published."""

from pathlib import Path

from druggene.constants import GENE
from druggene.hierarchy_files import read_gene_list, read_hierarchy_file
from druggene.tables import read_table
from tests.workflow.running import TINY, copy_tree, plan, succeed

FOLD = "random_pairs/fold_0"


def test_the_stage_has_its_jobs(pristine: Path) -> None:
    jobs = plan(pristine, "hierarchies").jobs
    assert (jobs["export_hierarchy"], jobs["compare_hierarchies"], jobs["retrieve_file"]) == (2, 1, 2)
    assert "train_model" not in jobs


def test_a_folds_hierarchy_is_exported(own: Path) -> None:
    target = f"results/tiny/ontology/{FOLD}/ontology.txt"
    assert succeed(own, "--cores", "2", "--configfile", TINY, "--", target).rules == {"export_hierarchy"}
    terms, edges, annotations = (
        read_table(own / "results/tiny/data" / FOLD / f"{name}.parquet")
        for name in ("terms", "term_edges", "term_genes")
    )
    exported = read_hierarchy_file(own / target, dict(terms[["term", "name"]].itertuples(index=False)))
    for table, again in zip((terms, edges, annotations), exported.to_tables(), strict=True):
        columns = list(table.columns)
        assert sorted(map(tuple, table.to_numpy())) == sorted(map(tuple, again[columns].to_numpy()))
    genes = read_table(own / "results/tiny/data" / FOLD / "genes.parquet")[GENE].tolist()
    assert read_gene_list(own / "results/tiny/ontology" / FOLD / "gene2ind.txt") == genes


def test_the_published_hierarchy_is_compared(pristine: Path, shared_data: Path, tmp_path: Path) -> None:
    """The comparison of docs/hierarchy.md with GO 2022-07-01."""
    folder = copy_tree(pristine, tmp_path / "druggene")
    target = "results/druggene_omics/tables/hierarchies/comparison.csv"
    configs = ("config/druggene.yaml", "config/druggene_omics.yaml")
    arguments = ("--cores", "2", "--configfile", *configs, "--", target)
    run = succeed(folder, *arguments, variables={"DRUGGENE_DATA": str(shared_data)})
    assert run.rules == {"retrieve_file", "compare_hierarchies"}
    rows = (folder / target).read_text().splitlines()
    assert rows[:4] == [
        "quantity,built,published,shared",
        "terms,1971,2086,1420",
        "genes with a term,2974,3008,2974",
        "edges,3209,3167,1479",
    ]
    assert '"edges of published between shared terms, ancestor relations of built",,1875,1806' in rows
    tables = folder / "results/druggene_omics/tables/hierarchies"
    assert len((tables / "shared_terms.csv").read_text().splitlines()) == 1421
    assert read_hierarchy_file(tables / "ontology.txt").layer_sizes == (1225, 374, 187, 118, 66, 1)
