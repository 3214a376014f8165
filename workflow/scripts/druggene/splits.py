"""Protocols: which pairs a model learns from, is stopped by and is judged on."""

import logging

import numpy as np
import pandas as pd
from sklearn.model_selection import GroupKFold, GroupShuffleSplit

from druggene.constants import (
    CELL_LINE,
    DRUG,
    FOLD,
    PAIR,
    PROTOCOL,
    PUBLISHED_ROLE,
    ROLE,
    ROLES,
    TEST,
    TISSUE,
    TRAIN,
    VALIDATION,
)
from druggene.protocols import TRANSFER
from druggene.responses import SOURCE
from druggene.tables import require_columns

logger = logging.getLogger(__name__)

RANDOM_PAIRS = "random_pairs"
LEAVE_CELL_LINE_OUT = "leave_cell_line_out"
LEAVE_DRUG_OUT = "leave_drug_out"
LEAVE_TISSUE_OUT = "leave_tissue_out"
PUBLISHED = "published"

_GROUP_COLUMN = {
    RANDOM_PAIRS: PAIR,
    LEAVE_CELL_LINE_OUT: CELL_LINE,
    LEAVE_DRUG_OUT: DRUG,
    LEAVE_TISSUE_OUT: TISSUE,
}
PROTOCOLS = (*_GROUP_COLUMN, PUBLISHED)

_VALIDATION_DRAWS = 20


def assign_folds(
    responses: pd.DataFrame,
    protocol: str,
    folds: int,
    validation_fraction: float,
    seed: int,
    cell_lines: pd.DataFrame | None = None,
    screens: tuple[str, str] | None = None,
) -> pd.DataFrame:
    """Give every pair one role in every fold, without looking at a response.

    The groups of a protocol (pairs, cell lines, drugs or tissues) are shuffled and dealt out to the folds in
    equal numbers, so that a group is test in exactly one fold (scikit-learn's ``GroupKFold``; with pairs as
    groups it is ``KFold``). Of the groups that remain, ``validation_fraction`` are set aside for validation.
    All replicates of a pair share its role. The result does not depend on the order of the rows.

    Parameters
    ----------
    responses
        Columns pair, cell_line, drug; for ``published`` also published_role.
    protocol
        "random_pairs" (paper: ten-fold cross-validation), "leave_cell_line_out", "leave_drug_out",
        "leave_tissue_out"; "published": the authors' files, fold 0 alone; or "transfer_…": from one screen to
        another, fold 0 alone.
    folds
        Number of folds, at least 2; not used by ``published`` and transfers.
    validation_fraction
        Part of the groups outside test that is for validation, 0 to below 1; used by ``published`` only where no file
        is for validation. Groups of unequal size are drawn so that the part of the pairs comes close to it too.
    seed
        Of the shuffling, 0 to 2**32 - 1.
    cell_lines
        Columns cell_line and tissue, for ``leave_tissue_out``. A cell line of unknown tissue may belong to
        the tissue held out, so its pairs take no part in that protocol.
    screens
        Of a transfer: the sources of the responses that train (and validate), and those that test. A pair that both
        have measured is a training and a test pair, each by its own curves.

    Returns
    -------
    pandas.DataFrame
        Columns pair, protocol, fold, role, one row per pair and fold, sorted by fold and pair. Of a transfer source
        too, one row per pair and source: only curves of that source have the role.

    Raises
    ------
    ValueError
        For an unknown protocol, fewer groups than folds, missing tissues, missing published roles or unknown screens.
    """
    if protocol.startswith(TRANSFER):
        return _transfer(responses, protocol, validation_fraction, seed, screens)
    if protocol not in PROTOCOLS:
        raise ValueError(f"splits.protocols: {protocol!r} is not one of {', '.join(PROTOCOLS)}")
    if protocol == PUBLISHED:
        return _published(responses, validation_fraction, seed)
    if folds < 2:
        raise ValueError(f"splits.folds: {folds} is too few; cross-validation needs at least 2")
    if not 0 <= validation_fraction < 1:
        raise ValueError(f"splits.validation_fraction: {validation_fraction} is not within 0 to below 1")

    pairs = responses[[PAIR, CELL_LINE, DRUG]].drop_duplicates().sort_values(PAIR).reset_index(drop=True)
    assert pairs[PAIR].is_unique, "a pair id stands for more than one cell line and drug"
    if protocol == LEAVE_TISSUE_OUT:
        pairs = _with_known_tissue(pairs, cell_lines)
    column = _GROUP_COLUMN[protocol]
    group, labels = pd.factorize(pairs[column])
    if len(labels) < folds:
        raise ValueError(
            f"splits.folds: {protocol} has {len(labels)} different {column} values, fewer than the {folds} folds; "
            f"set splits.folds to {len(labels)} or fewer, or leave {protocol} out"
        )

    random = np.random.RandomState(seed)
    parts = []
    dealt = GroupKFold(folds, shuffle=True, random_state=random).split(pairs, groups=group)
    for fold, (rest, test) in enumerate(dealt):
        roles = np.full(len(pairs), TRAIN, dtype=object)
        roles[test] = TEST
        roles[rest[_choose_validation(group[rest], validation_fraction, random, protocol)]] = VALIDATION
        parts.append(pd.DataFrame({PAIR: pairs[PAIR], PROTOCOL: protocol, FOLD: fold, ROLE: roles}))
    return _finish(pd.concat(parts, ignore_index=True))


def _choose_validation(group: np.ndarray, fraction: float, random: np.random.RandomState, protocol: str) -> np.ndarray:
    """Return the positions of the pairs for validation: all pairs of a ``fraction`` of the groups.

    Of several draws the one that comes closest to ``fraction`` of the pairs is taken: among three tissues drawn at
    random may be the one that a third of the cell lines belong to.
    """
    n_groups = len(np.unique(group))
    if n_groups < 2:
        raise ValueError(
            f"splits: {protocol} leaves a single group for training and validation; take more folds or groups"
        )
    # At least one group validates and at least one trains.
    number = min(max(round(fraction * n_groups), 1), n_groups - 1)
    draws = GroupShuffleSplit(_VALIDATION_DRAWS, test_size=number, random_state=random).split(group, groups=group)
    return min((chosen for _, chosen in draws), key=lambda chosen: abs(len(chosen) - fraction * len(group)))


def _with_known_tissue(pairs: pd.DataFrame, cell_lines: pd.DataFrame | None) -> pd.DataFrame:
    if cell_lines is None:
        raise ValueError(f"splits: {LEAVE_TISSUE_OUT} needs the table of cell lines with their tissue")
    require_columns(cell_lines.columns, [CELL_LINE, TISSUE], "cell lines")
    tissue = pairs[CELL_LINE].map(cell_lines.set_index(CELL_LINE)[TISSUE])
    known = tissue.notna()
    if not known.any():
        raise ValueError(f"splits: no cell line has a known tissue; leave {LEAVE_TISSUE_OUT} out of splits.protocols")
    logger.info("%d of %d pairs have a cell line of known tissue; the others take no part", known.sum(), len(known))
    return pairs.assign(**{TISSUE: tissue})[known].reset_index(drop=True)


def _transfer(
    responses: pd.DataFrame, protocol: str, fraction: float, seed: int, screens: tuple[str, str] | None
) -> pd.DataFrame:
    """Return the roles of the curves of two screens: one trains and validates, pair by pair, the other tests."""
    require_columns(responses.columns, [PAIR, SOURCE], f"responses, for {protocol}")
    assert screens is not None, f"{protocol} needs its two screens"
    known = sorted(responses[SOURCE].unique())
    for screen in screens:
        if screen not in known:
            raise ValueError(f"splits.transfer: no response is of {screen!r}; the screens are {', '.join(known)}")
    of_train, of_test = (np.sort(responses.loc[responses[SOURCE] == screen, PAIR].unique()) for screen in screens)
    logger.info(
        "%d pairs of %s train, %d of %s test; %d were measured in both",
        *(len(of_train), screens[0], len(of_test), screens[1], len(np.intersect1d(of_train, of_test))),
    )
    roles = _with_validation(len(of_train), fraction, seed, protocol)
    parts = [
        pd.DataFrame({PAIR: of_train, PROTOCOL: protocol, FOLD: 0, ROLE: roles, SOURCE: screens[0]}),
        pd.DataFrame({PAIR: of_test, PROTOCOL: protocol, FOLD: 0, ROLE: TEST, SOURCE: screens[1]}),
    ]
    frame = pd.concat(parts, ignore_index=True).sort_values([PAIR, SOURCE], ignore_index=True)
    return _finish(frame.astype({SOURCE: "str"}))


def _with_validation(number: int, fraction: float, seed: int, protocol: str) -> np.ndarray:
    """Return the roles of training pairs, of which ``fraction`` are drawn for validation."""
    roles = np.full(number, TRAIN, dtype=object)
    roles[_choose_validation(np.arange(number), fraction, np.random.RandomState(seed), protocol)] = VALIDATION
    return roles


def _published(responses: pd.DataFrame, fraction: float, seed: int) -> pd.DataFrame:
    """Return the authors' roles; a pair whose replicates stand in several files takes the strictest role.

    Where no file is for validation, ``fraction`` of the training pairs are drawn for it.
    """
    require_columns(responses.columns, [PAIR, PUBLISHED_ROLE], "responses, for the published protocol")
    unknown = responses[~responses[PUBLISHED_ROLE].isin(ROLES)]
    if len(unknown):
        raise ValueError(
            f"responses: {len(unknown)} rows (first: pair {unknown[PAIR].iloc[0]}) have no published role of "
            f"{', '.join(ROLES)}; the published protocol needs one per row"
        )
    strictness = responses[PUBLISHED_ROLE].map({role: i for i, role in enumerate(ROLES)})
    by_pair = strictness.groupby(responses[PAIR])
    straddling = int((by_pair.nunique() > 1).sum())
    logger.info(
        "%d pairs stand in several published files; test wins over validation, validation over train", straddling
    )
    strictest = by_pair.max().sort_index()
    absent = [role for i, role in enumerate(ROLES) if role != VALIDATION and not (strictest == i).any()]
    if absent:
        raise ValueError(f"responses: no pair has the published role {absent[0]}; check the published files")
    roles = np.array(ROLES, dtype=object)[strictest.to_numpy()]
    if VALIDATION not in roles:
        logger.info("no published file is for validation; pairs are drawn from those for training")
        roles[roles == TRAIN] = _with_validation(int((roles == TRAIN).sum()), fraction, seed, PUBLISHED)
    return _finish(pd.DataFrame({PAIR: strictest.index, PROTOCOL: PUBLISHED, FOLD: 0, ROLE: roles}))


def _finish(frame: pd.DataFrame) -> pd.DataFrame:
    counts = frame.groupby([FOLD, ROLE]).size().unstack(fill_value=0)
    logger.info("pairs per fold and role:\n%s", counts.to_string())
    return frame.astype({PAIR: "int64", FOLD: "int64", PROTOCOL: "str", ROLE: "str"})


def with_roles(responses: pd.DataFrame, folds: pd.DataFrame, fold: int) -> pd.DataFrame:
    """Return the response rows of one fold with their role, sorted by pair as the responses are.

    Where folds have the column source (transfers), a row's role is that of its pair and source, so that responses need
    that column too.

    Raises
    ------
    ValueError
        If ``folds`` has no row of ``fold``.
    """
    keys = [PAIR, SOURCE] if SOURCE in folds else [PAIR]
    roles = folds.loc[folds[FOLD] == fold, [*keys, ROLE]]
    if roles.empty:
        raise ValueError(f"folds: no pair in fold {fold}; found folds {sorted(folds[FOLD].unique())}")
    return responses.merge(roles, on=keys, how="inner", validate="many_to_one")


def groups_of(rows: pd.DataFrame, protocol: str, cell_lines: pd.DataFrame) -> pd.Series:
    """Return what a protocol holds out together with each row: its pair, cell line, drug or tissue.

    Parameters
    ----------
    rows
        Columns pair, cell_line, drug; rows that take part in the protocol.
    protocol
        Its name; ``published`` and transfers hold out pairs.
    cell_lines
        Columns cell_line and tissue.
    """
    column = _GROUP_COLUMN.get(protocol, PAIR)
    return rows[CELL_LINE].map(cell_lines.set_index(CELL_LINE)[TISSUE]) if column == TISSUE else rows[column]


def training_cell_lines(responses: pd.DataFrame, folds: pd.DataFrame, fold: int) -> list[str]:
    """Return the sorted cell lines with at least one training pair in ``fold``."""
    rows = with_roles(responses, folds, fold)
    return sorted(rows.loc[rows[ROLE] == TRAIN, CELL_LINE].unique())
