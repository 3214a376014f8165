"""Reading a SMILES, in the one way that all modules share."""

from rdkit import Chem, rdBase


def read_molecule(smiles: object) -> Chem.Mol | None:
    """Parse a SMILES; None if it cannot be read or is empty (to RDKit, a valid molecule without atoms)."""
    if not isinstance(smiles, str) or not smiles.strip():
        return None
    with rdBase.BlockLogs():
        molecule = Chem.MolFromSmiles(smiles)
    return molecule if molecule is not None and molecule.GetNumAtoms() else None
