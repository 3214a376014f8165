"""The read-out of all terms: against a plain network, its weights, its ensemble, and what it must not learn from."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from druggene import training
from druggene.batches import deal_batches
from druggene.checkpoint import Checkpoint, ModelOptions
from druggene.constants import OMICS, TEST, TRAIN, VALIDATION
from druggene.dataset import FoldData
from druggene.fold import start_network
from druggene.genotype import fuse
from druggene.hierarchy import Hierarchy
from druggene.hierarchy_function import Genotype
from druggene.network import DrugGeneNetwork, Pairs
from druggene.rivals.naive import NAIVE
from druggene.term_readout import Member, ReadoutOptions, TermReadoutNetwork
from druggene.training import Trainer, TrainingOptions, predict
from tests.reference.folds import small_fold
from tests.reference.hierarchies import random_hierarchy, tricky_hierarchy
from tests.reference.plain_network import PlainNetwork, read_named

READOUT = ReadoutOptions(
    latent=3,
    members=2,
    omic_weights=(0.5, 1.0, 0.5),
    gene_dropout=0.1,
    term_dropout=0.1,
    drug_dropout=0.1,
    drug_effect_dropout=0.2,
    cell_line_effect_dropout=0.2,
)
NO_DROPOUT = replace(
    READOUT,
    gene_dropout=0.0,
    term_dropout=0.0,
    drug_dropout=0.0,
    drug_effect_dropout=0.0,
    cell_line_effect_dropout=0.0,
)
MODEL = ModelOptions("plus", list(OMICS), "channels", "morgan", 2, 64, 3, [8], 6, readout=READOUT)
TRAINING = TrainingOptions(
    epochs=40,
    batch_size=80,
    accumulate_steps=1,
    learning_rate=0.02,
    schedule="cosine",
    betas=(0.9, 0.98),
    epsilon=1e-8,
    pretrain_epochs=0,
    sgd_epochs=0,
    sgd_learning_rate=0.01,
    alpha=0.0,
    drug_alpha=0.0,
    norm_weight=0.0,
    patience=40,
    init="uniform_0.01",
    start_at_mean=True,
    seed=1,
    batch_by="cell_lines",
    hierarchy_rate=0.5,
    warmup_epochs=2,
)


def fold_with_channels(seed: int = 0) -> FoldData:
    """The small fold with one input per omic; its summed genotype is taken apart at random."""
    data = small_fold(seed)
    rng = np.random.default_rng(seed)
    encoded = {omic: rng.random(data.genotype.shape[::2]).astype(np.float32) for omic in OMICS}
    encoded["expression"] = data.genotype[:, 0].numpy()
    names = tuple(f"line{i:02d}" for i in range(40)), tuple(f"drug{i:02d}" for i in range(12))
    return replace(
        data, genotype=torch.from_numpy(fuse(encoded, OMICS, "channels")), cell_lines=names[0], drug_names=names[1]
    )


def random_member(hierarchy: Hierarchy, options: ReadoutOptions, seed: int = 5) -> Member:
    member = Member(hierarchy, (7, 5), 16, 3, [8, 4], options)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in member.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.5)
    return member.double()


def batch(hierarchy: Hierarchy) -> tuple[Tensor, Tensor, Pairs]:
    generator = torch.Generator().manual_seed(1)
    genotype = torch.randn(7, 3, len(hierarchy.genes), generator=generator).double()
    drugs = torch.rand(5, 16, generator=generator).double()
    cell_line = torch.tensor([0, 0, 0, 0, 1, 2, 2, 3, 4, 6, 6, 6, 6, 6])  # 5 is absent
    drug = torch.tensor([0, 1, 0, 4, 4, 1, 1, 1, 2, 0, 1, 2, 4, 4])  # 3 is absent
    return genotype, drugs, Pairs.of(cell_line, drug, 7, 5)


def plain_prediction(member: Member, terms: Tensor, drugs: Tensor, pairs: Pairs) -> Tensor:
    """Predict pair by pair from what the terms say of each pair's cell line (T x N)."""
    k = member.options.latent
    predictions = []
    for n, (line, drug) in enumerate(zip(pairs.cell_line.tolist(), pairs.drug.tolist(), strict=True)):
        hidden = drugs[drug]
        for layer in member.drug_hidden:
            if isinstance(layer, nn.Linear):
                hidden = nn.functional.gelu(layer.weight @ hidden + layer.bias)
        vector = member.drug_latent.weight @ hidden + member.drug_latent.bias + member.seen_drug_latent[drug]
        effect, sensitivity = (
            member.drug_effect.weight @ hidden + member.drug_effect.bias + member.seen_drug_effect[drug]
        )
        latent = (
            sum(terms[t, n] * member.term_latent[t] for t in range(len(terms))) + member.seen_cell_line_latent[line]
        )
        of_line = terms[:, n] @ member.term_weight + member.seen_cell_line_effect[line]
        z = (latent * vector).sum() * 2 / k**0.5 + of_line * (1 + sensitivity) + 2 * effect
        predictions.append(member.ceiling / (1 + torch.exp(-z - member.offset)))
    return torch.stack(predictions)


@pytest.mark.parametrize("hierarchy", [tricky_hierarchy(), random_hierarchy(3)], ids=["tricky", "random"])
def test_training_step_equals_plain_network(hierarchy: Hierarchy) -> None:
    """Pair by pair, with a module per term: predictions and the gradients of all parameters."""
    member = random_member(hierarchy, NO_DROPOUT)
    genotype, drugs, pairs = batch(hierarchy)
    joined = DrugGeneNetwork(hierarchy, 16, channels=3, term_neurons=3, drug_layers=(4,)).double()
    joined.hierarchy.load_state_dict(member.hierarchy.state_dict())
    plain = PlainNetwork(hierarchy, 16, channels=3, term_neurons=3, drug_layers=(4,)).double()
    plain.copy_from(joined, hierarchy)
    target = torch.linspace(0.2, 1.1, len(pairs), dtype=torch.float64)

    ours, _ = member(member.hierarchy.gather(genotype), drugs, pairs)
    by_term = plain(genotype[pairs.cell_line], drugs[pairs.drug])[1]
    theirs = plain_prediction(member, torch.stack([by_term[t] for t in hierarchy.terms]), drugs, pairs)
    torch.testing.assert_close(ours, theirs, rtol=1e-9, atol=1e-10)

    (ours - target).square().mean().backward()
    gradients = {name: parameter.grad for name, parameter in member.named_parameters()}
    member.zero_grad()
    (theirs - target).square().mean().backward()
    for name, parameter in member.named_parameters():
        if not name.startswith("hierarchy."):
            torch.testing.assert_close(gradients[name], parameter.grad, rtol=1e-7, atol=1e-10)
    zeros = {name: torch.zeros_like(p) for name, p in joined.named_parameters()}
    named = read_named(joined, hierarchy, zeros | {n: g for n, g in gradients.items() if n.startswith("hierarchy.")})
    for name, parameter in plain.named_parameters():
        if parameter.grad is not None:
            torch.testing.assert_close(named[name], parameter.grad, rtol=1e-7, atol=1e-10)


def test_term_weights_add_up_to_the_prediction() -> None:
    hierarchy = random_hierarchy(3)
    member = random_member(hierarchy, READOUT).eval()
    genotype, drugs, pairs = batch(hierarchy)
    with torch.no_grad():
        for parameter in (member.seen_cell_line_latent, member.seen_cell_line_effect):
            parameter.zero_()
        predicted, terms = member(member.hierarchy.gather(genotype), drugs, pairs)
        effect = 2 * (member.drug_effect(member.drug_hidden(drugs))[:, 0] + member.seen_drug_effect[:, 0])
        z = (terms[:, pairs.cell_line] * member.weights_of(drugs)[:, pairs.drug]).sum(0) + effect[pairs.drug]
        torch.testing.assert_close(torch.sigmoid(z + member.offset) * member.ceiling, predicted)


def test_selected_and_weighed_genotypes_are_those_gathered_anew() -> None:
    hierarchy = tricky_hierarchy()
    branch = random_member(hierarchy, READOUT).hierarchy
    genotype = batch(hierarchy)[0]
    chosen, weight = torch.tensor([5, 1, 2]), torch.rand(len(hierarchy.genes), 3).double()
    part = branch.gather(genotype).select(chosen).weigh(weight)
    counts = torch.tensor([2, 1, 3])
    anew = branch.gather(genotype[chosen] * weight.T)
    torch.testing.assert_close(branch(part, counts)[1], branch(anew, counts)[1])
    assert torch.equal(part.positions, chosen)


def test_drugs_and_cell_lines_without_training_pairs_get_no_correction() -> None:
    data = fold_with_channels()
    rows = data.roles[TRAIN]
    keep = (rows.cell_line != 3) & (rows.drug != 5)
    roles = data.roles | {
        TRAIN: replace(rows, cell_line=rows.cell_line[keep], drug=rows.drug[keep], auc=rows.auc[keep])
    }
    data = replace(data, roles=roles)
    network = start_network(MODEL, TRAINING, data, 3)
    Trainer(network, data, replace(TRAINING, epochs=3), 3).run()
    for member in network.members:
        assert not member.seen_cell_line_latent[3].any()
        assert not member.seen_cell_line_effect[3].any()
        assert not member.seen_drug_latent[5].any()
        assert not member.seen_drug_effect[5].any()
        assert member.seen_cell_line_latent[4].any()
        assert member.seen_drug_effect[4].any()


def test_it_learns_more_than_the_effects() -> None:
    data = fold_with_channels()
    network = start_network(MODEL, TRAINING, data, 3)
    trainer = Trainer(network, data, TRAINING, 3)
    trainer.run()
    test = data.roles[TEST]
    error = (predict(network, trainer.genotype, data, TEST) - test.auc).square().mean().item()
    effects = NAIVE["effects"](data.roles[TRAIN].table, test.table)
    assert error < 0.8 * np.mean((effects - test.table["auc"].to_numpy()) ** 2)


def test_test_labels_and_genotypes_of_test_lines_change_no_weight() -> None:
    data = fold_with_channels()
    rows = data.roles[TRAIN]
    keep = rows.cell_line < 30
    part = replace(rows, cell_line=rows.cell_line[keep], drug=rows.drug[keep], auc=rows.auc[keep])
    validation = data.roles[VALIDATION]
    keep = validation.cell_line < 30
    role = replace(
        validation, cell_line=validation.cell_line[keep], drug=validation.drug[keep], auc=validation.auc[keep]
    )
    data = replace(data, roles=data.roles | {TRAIN: part, VALIDATION: role})
    test = data.roles[TEST]
    genotype = data.genotype.clone()
    genotype[30:] = torch.rand(genotype[30:].shape)
    other = replace(data, genotype=genotype, roles=data.roles | {TEST: replace(test, auc=test.auc.flip(0))})
    states = []
    for fold in (data, other):
        network = start_network(MODEL, TRAINING, fold, 3)
        states.append(Trainer(network, fold, replace(TRAINING, epochs=2), 3).run().state)
    for name, value in states[0].items():
        assert torch.equal(value, states[1][name]), name


def test_a_killed_run_ends_with_the_same_bits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also what is left out at random has to be the same."""
    data, options = fold_with_channels(), replace(TRAINING, epochs=4)

    def trainer() -> Trainer:
        return Trainer(start_network(MODEL, options, data, 3), data, options, 3)

    whole = trainer().run()
    monkeypatch.setattr(training, "_SECONDS_BETWEEN_SAVES", 0.0)
    run_epoch = Trainer._run_epoch

    def die(self: Trainer, phase: Any, optimizer: torch.optim.Optimizer, epoch: int) -> dict[str, float]:
        if epoch == 3:
            raise KeyboardInterrupt
        return run_epoch(self, phase, optimizer, epoch)

    with monkeypatch.context() as patched:
        patched.setattr(Trainer, "_run_epoch", die)
        with pytest.raises(KeyboardInterrupt):
            trainer().run(tmp_path / "resume.pt", "same")
    torch.manual_seed(99)
    resumed = trainer().run(tmp_path / "resume.pt", "same")
    for name, value in whole.state.items():
        assert torch.equal(value, resumed.state[name]), name


def test_a_checkpoint_predicts_the_same(tmp_path: Path) -> None:
    data = fold_with_channels()
    network = start_network(MODEL, TRAINING, data, 3)
    assert isinstance(network, TermReadoutNetwork)
    state, names = network.state_dict(), (data.cell_lines, data.drug_names)
    Checkpoint(MODEL, data.hierarchy, data.encoder, None, state, {}, None, *names).save(tmp_path / "fold_0.pt")
    loaded = Checkpoint.load(tmp_path / "fold_0.pt")
    assert loaded.options == MODEL
    assert (loaded.cell_lines, loaded.drugs) == names
    again = loaded.network()
    expected = predict(network, network.gather(data.genotype), data, TEST)
    assert torch.equal(predict(again, again.gather(data.genotype), data, TEST), expected)
    with pytest.raises(ValueError, match=r"plus: .*name a model with readout: joined"):
        loaded.joined_network()


def test_the_ensembles_prediction_is_the_mean_of_its_members() -> None:
    data = fold_with_channels()
    network = start_network(MODEL, TRAINING, data, 3).eval()
    genotype = network.gather(data.genotype)
    test = data.roles[TEST]
    pairs = Pairs.of(test.cell_line, test.drug, *data.sizes)
    drugs = nn.functional.normalize(data.drugs)
    with torch.no_grad():
        apart = torch.stack([member(genotype, drugs, pairs)[0] for member in network.members])
        assert not torch.allclose(apart[0], apart[1], atol=1e-3)
        torch.testing.assert_close(network(genotype, data.drugs, pairs).predicted, apart.mean(0))


def test_contributions_are_the_mean_over_the_members() -> None:
    """Without its drug's own effect and the corrections, one member's z is the sum of its contributions."""
    data = fold_with_channels()
    network = start_network(replace(MODEL, readout=replace(READOUT, members=2)), TRAINING, data, 3).eval()
    assert isinstance(network, TermReadoutNetwork)
    test = data.roles[TEST]
    pairs = Pairs.of(test.cell_line, test.drug, *data.sizes)
    genotype = network.gather(data.genotype)
    logits = []
    with torch.no_grad():
        for member in network.members:
            member.drug_effect.weight[0] = 0
            member.drug_effect.bias[0] = 0
            logits.append(torch.logit(member(genotype, network._features(data.drugs), pairs)[0]) - member.offset)
    contributions = network.contributions(genotype, data.drugs, pairs)
    assert contributions.shape == (len(data.hierarchy.terms), len(test.auc))
    torch.testing.assert_close(contributions.sum(0), torch.stack(logits).mean(0), rtol=1e-3, atol=1e-4)


def test_a_batch_of_cell_lines_holds_all_their_pairs() -> None:
    group = torch.randint(0, 20, (300,), generator=torch.Generator().manual_seed(0))
    batches = deal_batches(300, 60, 1, 1, torch.device("cpu"), group)
    rows = [batch.rows for batch in batches]
    assert sorted(torch.cat(rows).tolist()) == list(range(300))
    lines = [set(group[part].tolist()) for part in rows]
    assert [len(part) for part in lines] == [4] * 5
    assert len(set.union(*lines)) == 20
    for batch in batches:
        assert batch.cell_lines is not None
        assert batch.position is not None
        assert torch.equal(batch.cell_lines[batch.position], group[batch.rows])
    again = deal_batches(300, 60, 1, 2, torch.device("cpu"), group)
    assert any(not torch.equal(one, other.rows) for one, other in zip(rows, again, strict=True))


def test_responses_on_another_scale_are_named() -> None:
    data = fold_with_channels()
    rows = data.roles[TRAIN]
    data = replace(data, roles=data.roles | {TRAIN: replace(rows, auc=rows.auc * 20)})
    with pytest.raises(ValueError, match=r"the training mean is \d+.*take readout joined"):
        start_network(MODEL, TRAINING, data, 3)


def test_inputs_are_standard_scores_by_omic() -> None:
    data = fold_with_channels()
    network = start_network(MODEL, TRAINING, data, 3)
    assert isinstance(network, TermReadoutNetwork)
    seen = data.genotype[data.roles[TRAIN].cell_line.unique()]
    torch.testing.assert_close(network.input_mean, seen.mean(0))
    scores = (seen - network.input_mean) / network.input_deviation * torch.tensor([0.5, 1.0, 0.5])[:, None]
    gathered: Genotype = network.gather(seen)
    assert gathered.cell_lines == len(seen)
    assert torch.isin(
        gathered.inputs[0][0].round(decimals=4), torch.cat([scores.flatten(), torch.zeros(1)]).round(decimals=4)
    ).all()


def test_every_parameter_has_the_step_size_and_decay_of_its_part() -> None:
    data = fold_with_channels()
    options = replace(TRAINING, decay={"terms": 0.4, "drug_layers": 0.3, "effects": 0.2, "latent": 0.1})
    network = start_network(replace(MODEL, readout=replace(READOUT, members=2)), options, data, 3)
    optimizer, _ = training.Trainer(network, data, options, 3)._optimizer(training._Phase("joint", 5))
    found = {
        id(parameter): (group["initial_lr"], group["weight_decay"])
        for group in optimizer.param_groups
        for parameter in group["params"]
    }
    expected = {
        "term_latent": 0.4,
        "drug_hidden.0.weight": 0.3,
        "drug_effect.bias": 0.3,
        "seen_drug_effect": 0.2,
        "seen_cell_line_effect": 0.2,
        "seen_drug_latent": 0.1,
        "offset": 0.0,
        "hierarchy.gene_weight": 0.0,
    }
    parameters = dict(network.named_parameters())
    assert len(found) == len(parameters)
    for member in (0, 1):
        for name, decay in expected.items():
            rate = options.learning_rate * (options.hierarchy_rate if name.startswith("hierarchy") else 1)
            assert found[id(parameters[f"members.{member}.{name}"])] == (pytest.approx(rate), decay), name


def test_decay_shrinks_what_it_is_given_for() -> None:
    data = fold_with_channels()
    norms = []
    for decay in ({}, {"terms": 1.0}):
        network = start_network(MODEL, TRAINING, data, 3)
        training.Trainer(network, data, replace(TRAINING, decay=decay), 3).run()
        norms.append(dict(network.named_parameters())["members.0.term_weight"].norm().item())
    assert norms[1] < 0.5 * norms[0]
