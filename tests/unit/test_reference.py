"""What a checkpoint keeps of its training set."""

import numpy as np
import pytest

from druggene.reference import Reference, tanimoto


def reference(genotype: np.ndarray) -> Reference:
    bits = np.packbits(np.eye(16, dtype=np.uint8), axis=1)
    names = [f"line{i}" for i in range(len(genotype))]
    return Reference.of([f"drug{i}" for i in range(16)], bits, bits, names, genotype)


@pytest.fixture(scope="module")
def genotype() -> np.ndarray:
    rng = np.random.default_rng(0)
    shared = rng.normal(size=(200, 5)) @ rng.normal(size=(5, 900))
    return (shared + rng.normal(size=(200, 900))).reshape(200, 3, 300).astype(np.float32)


def test_distances_of_sketches_are_those_of_genotypes(genotype: np.ndarray) -> None:
    """Also of cell lines that no component of the training cell lines describes."""
    made = reference(genotype)
    rng = np.random.default_rng(1)
    for new in (genotype[:20] + rng.normal(size=(20, 3, 300)), 2 * rng.normal(size=(20, 3, 300))):
        position, distance = made.nearest_cell_lines(new)
        exact = np.linalg.norm(new[:, None].reshape(20, 1, -1) - genotype.reshape(1, 200, -1), axis=2)
        np.testing.assert_allclose(distance, exact[np.arange(20), position], rtol=0.25)
        assert np.median(distance / exact.min(axis=1)) == pytest.approx(1, abs=0.1)
    position, distance = made.nearest_cell_lines(genotype)
    assert (position == np.arange(200)).all()
    assert distance.max() < 0.02 * np.median(made.own_distances())


def test_a_sketch_holds_a_part_of_the_genotype_only(genotype: np.ndarray) -> None:
    made = reference(genotype)
    assert made.sketches.shape == (200, 128)
    assert made.sketches.dtype == made.directions.dtype == np.float16
    alone = reference(genotype[:1])
    assert np.isfinite(alone.sketches).all()
    assert np.isnan(alone.own_distances()).all()


def test_tanimoto_by_its_definition() -> None:
    rng = np.random.default_rng(3)
    left, right = rng.random((4, 64)) < 0.3, rng.random((6, 64)) < 0.3
    left[0] = False
    found = tanimoto(np.packbits(left, axis=1), np.packbits(right, axis=1))
    for i, a in enumerate(left):
        for j, b in enumerate(right):
            assert found[i, j] == pytest.approx((a & b).sum() / max(1, (a | b).sum()))


def test_a_reference_grows_and_comes_back(genotype: np.ndarray) -> None:
    made = reference(genotype[:50])
    bits = np.packbits(np.ones((2, 16), dtype=np.uint8), axis=1)
    grown = made.extended(["drug3", "other"], bits, bits, ["line7", "far"], genotype[60:62])
    assert len(grown.drugs) == 17
    assert len(grown.cell_lines) == 51
    position, similarity = grown.nearest_drugs(bits)
    assert grown.drugs[position[0]] == "drug3"
    assert similarity.tolist() == [1, 1]
    position, distance = grown.nearest_cell_lines(genotype[60:62])
    assert [grown.cell_lines[i] for i in position] == ["line7", "far"]
    assert distance.max() < 0.1
    back = Reference.from_dict(grown.to_dict())
    assert back.drugs == grown.drugs
    np.testing.assert_array_equal(back.sketches, grown.sketches)


def test_active_parts_are_compared_with_active_parts() -> None:
    """A training drug that is a salt: the free base is its active part, and unlike the salt as a whole."""
    salt, base, other = (np.packbits(np.array([bits], bool)) for bits in ([1, 1, 1, 1], [1, 1, 0, 0], [0, 0, 0, 1]))
    genotype = np.random.default_rng(0).random((5, 1, 6)).astype(np.float32)
    lines = [f"line{i}" for i in range(5)]
    made = Reference.of(["other", "salt"], np.stack([other, salt]), np.stack([other, base]), lines, genotype)
    for parents, similarity in ((False, 0.5), (True, 1.0)):
        position, found = made.nearest_drugs(base[None], parents=parents)
        assert made.drugs[position[0]] == "salt"
        assert found.tolist() == [similarity]
