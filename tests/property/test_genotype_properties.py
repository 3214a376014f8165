"""Properties of the Gray code and of the encoded genotype."""

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from druggene.genotype import FUSIONS, GenotypeEncoder, fill_missing, fuse, gray_decode, gray_encode, scale_to_unit

measured = st.floats(-1e3, 1e3, width=32)
with_gaps = arrays(np.float64, st.tuples(st.integers(1, 6), st.integers(1, 6)), elements=measured | st.just(np.nan))
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


@given(st.integers(1, 10))
def test_every_word_has_a_code_of_its_own(width: int) -> None:
    words_of_width = np.array([[n >> i & 1 for i in range(width)] for n in range(2**width)])
    assert len(np.unique(gray_encode(words_of_width), axis=0)) == 2**width


@given(with_gaps, st.data())
def test_imputation_by_cell_line_changes_only_gaps(values: np.ndarray, data: st.DataObject) -> None:
    means = data.draw(arrays(np.float64, values.shape[1], elements=measured))
    filled = fill_missing(values, means)
    gaps = np.isnan(values)
    np.testing.assert_array_equal(filled[~gaps], values[~gaps])
    for line, row, gap in zip(filled, values, gaps, strict=True):
        if gap.all():
            np.testing.assert_array_equal(line, means)
        else:
            np.testing.assert_allclose(line[gap], np.nanmean(row), atol=1e-9)


@given(with_gaps, st.data())
def test_imputation_by_gene_takes_the_gene_means(values: np.ndarray, data: st.DataObject) -> None:
    means = data.draw(arrays(np.float64, values.shape[1], elements=measured))
    filled = fill_missing(values, means, "gene_mean")
    np.testing.assert_array_equal(filled, np.where(np.isnan(values), means, values))


@given(arrays(np.float64, st.tuples(st.integers(1, 6), st.integers(1, 6)), elements=measured), st.data())
def test_scaling_has_bounds_clips_and_keeps_order(values: np.ndarray, data: st.DataObject) -> None:
    minima = data.draw(arrays(np.float64, values.shape[1], elements=measured))
    widths = data.draw(arrays(np.float64, values.shape[1], elements=st.just(0.0) | st.floats(0.125, 1e3, width=32)))
    maxima = minima + widths
    scaled = scale_to_unit(values, minima, maxima)
    assert ((scaled >= 0) & (scaled <= 1)).all()
    constant = widths == 0
    assert (scaled[:, constant] == 0).all()
    low, high = values <= minima, values >= maxima
    np.testing.assert_allclose(scaled[low & ~constant], 0, atol=1e-9)
    np.testing.assert_allclose(scaled[high & ~constant], 1, atol=1e-9)
    inner = ~low & ~high
    undone = minima + scaled * widths
    np.testing.assert_allclose(undone[inner], values[inner], atol=1e-6)
    order = np.argsort(values, axis=0)
    assert (np.diff(np.take_along_axis(scaled, order, axis=0), axis=0) >= 0).all()


@given(
    arrays(
        np.float32,
        st.tuples(st.integers(1, 3), st.integers(1, 4), st.integers(1, 5)),
        elements=st.floats(0, 1, width=32),
    ),
    st.sampled_from(FUSIONS),
)
def test_fusion_has_bounds_and_shape(values: np.ndarray, fusion: str) -> None:
    encoded = {f"omic{i}": matrix for i, matrix in enumerate(values)}
    fused = fuse(encoded, list(encoded), fusion)
    omics, lines, genes = values.shape
    assert fused.shape == (lines, omics if fusion == "channels" else 1, genes)
    assert fused.min() >= 0
    assert fused.max() <= (omics if fusion == "sum" else 1) * (1 + 1e-6)
    expected = {"sum": values.sum(0), "sum_rescaled": values.mean(0)}
    if fusion == "channels":
        np.testing.assert_array_equal(fused, values.transpose(1, 0, 2))
    else:
        np.testing.assert_allclose(fused[:, 0], expected[fusion], rtol=1e-5)


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
