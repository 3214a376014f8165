"""Ask PubChem for the structures of drugs that neither the portals nor the user give."""

import shutil

from druggene.logs import log_to
from druggene.sources.portals import drugs_without_structure
from druggene.sources.pubchem import look_up
from druggene.tables import atomic_path


def main() -> None:
    """Complete the table of answers and copy it to the run."""
    log_to(snakemake.log[0])
    files, settings = snakemake.input, snakemake.params
    names = drugs_without_structure(files.raw, files.structures[0] if files.structures else None)
    look_up(names, settings.answers, settings.base)
    with atomic_path(snakemake.output[0]) as temporary:
        shutil.copyfile(settings.answers, temporary)


if __name__ == "__main__":
    main()
