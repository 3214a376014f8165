"""Column names and vocabularies that artifacts share; nothing here depends on a config."""

from typing import Final

CELL_LINE: Final = "cell_line"
DRUG: Final = "drug"
PAIR: Final = "pair"
GENE: Final = "gene"
TERM: Final = "term"
AUC: Final = "auc"
PREDICTED: Final = "predicted"
MODEL: Final = "model"
PROTOCOL: Final = "protocol"
FOLD: Final = "fold"
ROLE: Final = "role"
PUBLISHED_ROLE: Final = "published_role"
TISSUE: Final = "tissue"
SMILES: Final = "smiles"

MUTATION: Final = "mutation"
EXPRESSION: Final = "expression"
COPY_NUMBER: Final = "copy_number"
OMICS: Final = (MUTATION, EXPRESSION, COPY_NUMBER)

TRAIN: Final = "train"
VALIDATION: Final = "validation"
TEST: Final = "test"
ROLES: Final = (TRAIN, VALIDATION, TEST)
