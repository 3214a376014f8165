"""Build the subsystem explorer, one page that holds all it needs."""

from druggene.explorer.contents import gather, read_components
from druggene.explorer.page import Heading, render
from druggene.logs import log_to
from druggene.tables import write_text


def main() -> None:
    """Read scores, states and responses, write the page."""
    log_to(snakemake.log[0])
    files, params, wildcards = snakemake.input, snakemake.params, snakemake.wildcards
    contents = gather(dict(files.items()), params.options["scores"])
    folds = read_components(contents, files.states, params.folds)
    heading = Heading(params.title, params.run, wildcards.protocol, wildcards.labels, len(params.folds))
    page = render(contents, folds, heading, params.rlipp, params.options["max_megabytes"])
    write_text(page, snakemake.output[0])


if __name__ == "__main__":
    main()
