"""Score how much better each term predicts than its children, for one group of drugs."""

from druggene.checkpoint import Checkpoint
from druggene.interpretation.folds import read_folds
from druggene.interpretation.rlipp import Family, RlippOptions, log_undefined, score_rlipp
from druggene.interpretation.states import read_states
from druggene.interpretation.targets import Targets, drug_group
from druggene.logs import log_to
from druggene.tables import read_metadata, read_table, write_table


def main() -> None:
    """Read states and responses of all folds, write scores and the folds' agreement."""
    log_to(snakemake.log[0])
    files, outputs, params = snakemake.input, snakemake.output, snakemake.params
    metadata = read_metadata(files.responses)
    marks = {"source": metadata["source"], "simulated": metadata["simulated"]}
    options = RlippOptions.from_config(params.rlipp, params.seed)
    responses = read_table(files.responses)
    drugs = drug_group(responses, params.drugs, int(snakemake.wildcards.group), params.groups)
    lines = read_states(files.states[0]).cell_lines
    targets = Targets.build(responses, read_table(files.folds), lines, drugs)
    family = Family.of([Checkpoint.load(path).hierarchy for path in files.checkpoints], options.leaves)
    folds = read_folds(params.folds, files.states, files.checkpoints, files.genotypes)
    scores, agreement = score_rlipp(folds, family, targets, options)
    log_undefined(scores)
    write_table(scores, outputs.scores, description="power of terms and of their children, out of fold", **marks)
    write_table(agreement, outputs.agreement, description="agreement of the folds on scores of terms", **marks)


if __name__ == "__main__":
    main()
