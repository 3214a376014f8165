"""Properties of the Gray code and of the encoded genotype."""

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from druggene.genotype import GenotypeEncoder, fuse, gray_decode, gray_encode

words = arrays(np.uint8, array_shapes(min_dims=2, max_dims=2, max_side=12), elements=st.integers(0, 1))


@given(words)
def test_gray_code_is_a_bijection(bits: np.ndarray) -> None:
    coded = gray_encode(bits)
    assert set(np.unique(coded)) <= {0, 1}
    np.testing.assert_array_equal(gray_decode(coded), bits)
    np.testing.assert_array_equal(gray_encode(gray_decode(bits)), bits)


@given(st.integers(1, 12), st.data())
def test_neighbours_differ_in_one_bit(width: int, data: st.DataObject) -> None:
    number = data.draw(st.integers(0, 2**width - 1))
    following = (number + 1) % 2**width
    bits = np.array([[n >> (width - 1 - i) & 1 for i in range(width)] for n in (number, following)])
    one, other = gray_encode(bits)
    assert (one != other).sum() == 1


@given(
    arrays(
        np.float32,
        st.tuples(st.integers(2, 6), st.integers(1, 6)),
        elements=st.one_of(st.just(np.nan), st.floats(-1e3, 1e3, width=32)),
    ),
    st.sampled_from(["cell_line_mean", "gene_mean"]),
    st.data(),
)
def test_encoded_values_stay_within_0_and_1(values: np.ndarray, impute: str, data: st.DataObject) -> None:
    table = pd.DataFrame(values, columns=[f"G{i}" for i in range(values.shape[1])])
    training = data.draw(st.lists(st.sampled_from(list(table.index)), min_size=1, unique=True))
    omics = {"mutation": (table > 0).astype("float32").where(table.notna()), "expression": table}
    encoder = GenotypeEncoder.fit(omics, list(table.columns), training, impute=impute)
    encoded = encoder.transform(omics)
    fused = fuse(encoded, ["mutation", "expression"])
    assert np.isfinite(fused).all()
    assert fused.min() >= 0
    assert fused.max() <= 1
    again = GenotypeEncoder.from_dict(encoder.to_dict()).transform(omics)
    for omic in omics:
        np.testing.assert_array_equal(again[omic], encoded[omic])
