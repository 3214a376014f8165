"""Knock-out: equal to computing the whole network anew with one term's state held at its mean."""

import numpy as np
import torch

from druggene.interpretation.evaluated import EvaluatedNetwork
from druggene.interpretation.knockout import knock_out, knocked_out_roots
from tests.reference.interpreted import plain_network, small_checkpoint, trained_lines


def test_equals_a_forward_pass_with_the_state_replaced() -> None:
    checkpoint, data = small_checkpoint()
    network = EvaluatedNetwork.of(checkpoint, data.drugs.numpy(), np.float64)
    trained = trained_lines(data)
    trained[:5] = False
    gene_part = network.branch.gene_part(data.genotype.numpy().astype(np.float64))
    roots = list(knocked_out_roots(network.branch, gene_part, trained))
    plain, genotype = plain_network(checkpoint), data.genotype.double()
    drugs = data.drugs.double()[:1].expand(len(genotype), -1)
    changed = 0
    for term, root in zip(checkpoint.hierarchy.terms, roots, strict=True):
        states = {}

        def hold(_: object, __: object, output: torch.Tensor) -> torch.Tensor:
            return output[trained].mean(dim=0, keepdim=True).expand_as(output)

        def keep(_: object, __: object, output: torch.Tensor, states: dict = states) -> None:
            states["root"] = output.detach().numpy()

        hooks = [plain._modules[f"{term}_batchnorm_layer"].register_forward_hook(hold)]
        hooks.append(plain._modules[f"{checkpoint.hierarchy.root}_batchnorm_layer"].register_forward_hook(keep))
        plain(genotype, drugs)
        for hook in hooks:
            hook.remove()
        np.testing.assert_allclose(root, states["root"], atol=1e-6, err_msg=term)
        changed += np.abs(root - roots[0]).max() > 1e-3
    assert changed > len(roots) / 2
    np.testing.assert_allclose(np.ptp(roots[-1], axis=0), 0, atol=1e-9)


def test_sums_are_over_the_pairs_of_a_drug() -> None:
    checkpoint, data = small_checkpoint()
    network = EvaluatedNetwork.of(checkpoint, data.drugs.numpy(), np.float64)
    genotype, trained = data.genotype.numpy().astype(np.float64), trained_lines(data)
    test = data.roles["test"]
    cell_line, drug = test.cell_line.numpy(), test.drug.numpy()
    auc = test.auc.numpy().astype(np.float64)
    drug = np.where(drug == 3, 4, drug)
    found = knock_out(network, genotype, trained, cell_line, drug, auc)
    gene_part = network.branch.gene_part(genotype)
    root = network.branch.forward(gene_part)[1][-network.branch.neurons :].T
    before = network.joint.predict(root[cell_line], drug)
    for term, changed in enumerate(knocked_out_roots(network.branch, gene_part, trained)):
        after = network.joint.predict(changed[cell_line], drug)
        for d in (0, 4):
            own = drug == d
            np.testing.assert_allclose(found["effect"][d, term], np.abs(after - before)[own].sum(), rtol=1e-5)
            loss = ((after - auc) ** 2 - (before - auc) ** 2)[own].sum()
            np.testing.assert_allclose(found["loss"][d, term], loss, rtol=1e-4, atol=1e-6)
    assert not found["effect"][3].any()
