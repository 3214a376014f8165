"""Structures of drugs: read from SMILES, freed of salts, and compared."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from rdkit import Chem, rdBase
from rdkit.Chem.MolStandardize import rdMolStandardize

_COUNTER_ION_ATOMS: Final = 12
"""Fragments with fewer heavy atoms are counter-ions or solvents, also those that RDKit's list of salts lacks."""
_TRANSITION_METALS: Final = frozenset({*range(21, 31), *range(39, 49), *range(57, 81)})


@dataclass(frozen=True)
class Structure:
    """What a SMILES says.

    Attributes
    ----------
    parent
        Canonical SMILES without counter-ions and solvents, charges neutralised. A mixture of drugs keeps all its
        parts, and so does a metal complex, whose ligands are drawn as fragments.
    skeleton
        First block of the parent's InChIKey: which atoms are bound to which, without stereochemistry.
    has_stereo
        Whether the parent has any stereochemistry assigned.
    """

    parent: str
    skeleton: str
    has_stereo: bool

    def is_same(self, other: "Structure") -> bool:
        """Return whether both are one drug: one parent, or one skeleton where one is drawn without stereochemistry."""
        flat = not (self.has_stereo and other.has_stereo)
        return self.parent == other.parent or (flat and self.skeleton == other.skeleton)


@lru_cache(maxsize=1 << 14)
def read_structure(smiles: str) -> Structure | None:
    """Return the structure of a SMILES; None where RDKit cannot read it or it has no atom."""
    with rdBase.BlockLogs():
        molecule = Chem.MolFromSmiles(smiles)
        if molecule is None or not molecule.GetNumAtoms():
            return None
        parent = _parent(molecule)
        stereo = any(info.specified == Chem.StereoSpecified.Specified for info in Chem.FindPotentialStereo(parent))
        return Structure(Chem.MolToSmiles(parent), Chem.MolToInchiKey(parent).partition("-")[0], stereo)


def _parent(molecule: Chem.Mol) -> Chem.Mol:
    if any(atom.GetAtomicNum() in _TRANSITION_METALS for atom in molecule.GetAtoms()):
        return molecule
    parts = Chem.GetMolFrags(rdMolStandardize.FragmentRemover().remove(molecule), asMols=True)
    large = [part for part in parts if part.GetNumHeavyAtoms() >= _COUNTER_ION_ATOMS]
    kept = large or [max(parts, key=lambda part: (part.GetNumHeavyAtoms(), Chem.MolToSmiles(part)))]
    # Lapatinib may come with one or two tosylates, a dimer is drawn twice: equal parts count once.
    distinct = {Chem.MolToSmiles(part): part for part in kept}
    joined = Chem.MolFromSmiles(".".join(sorted(distinct)))
    return rdMolStandardize.Uncharger().uncharge(joined)
