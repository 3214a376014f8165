"""DrugGene+: a visible branch whose terms each say one number of a cell line, weighed by the drug.

Letters: N pairs, C unique cell lines, D unique drugs, M omics channels, G genes, F drug features, T terms, K latent
dimensions, B members of the ensemble.

Of a cell line the network knows nothing but the numbers s of its terms (and, for a cell line of the training pairs,
what its other responses say). With the drug's vector v and sensitivity r, both from its features, and a correction of
both for a drug of the training pairs:

    z = s' P v + (s' p) (1 + r) + b        AUC = a sigmoid(z + c)

So ``P v + p (1 + r)`` is the weight of every term for that drug, and what the terms say, weighed, adds up to z. With
``residual_effects``, a mean and effects of drug and cell line are added to the AUC, learned after all else.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final, Literal, Self, cast

import torch
from torch import Tensor, nn

from druggene.hierarchy import Hierarchy
from druggene.hierarchy_function import Genotype
from druggene.network import DrugGeneNetwork, HierarchyBranch, Init, Output, Pairs

_SMALLEST_DEVIATION = 0.05
"""Standard deviation, of inputs from 0 to 1, under which a gene's values are not stretched further."""
_LARGEST_SCORE = 4.0
"""Standard scores of the genotype are cut off here, which tames rare mutations."""


_DECAY_GROUPS: Final = {
    "terms": ("term_latent", "term_weight"),
    "drug_layers": ("drug_hidden", "drug_latent", "drug_effect"),
    "effects": ("seen_drug_effect", "seen_cell_line_effect"),
    "latent": ("seen_drug_latent", "seen_cell_line_latent"),
}


@dataclass(frozen=True)
class ReadoutOptions:
    """Sizes and regularisation of :class:`TermReadoutNetwork`; see the section ``network`` of the configuration.

    Attributes
    ----------
    latent
        K.
    members
        B.
    omic_weights
        M weights of the channels.
    gene_dropout, term_dropout, drug_dropout
        Parts of the genes' channels, the terms and the drug's hidden neurons that a training step leaves out.
    drug_effect_dropout, cell_line_effect_dropout
        Parts of the drugs and cell lines that a training step treats as unseen.
    residual_effects
        Whether the trained network is completed by effects of the drugs and cell lines of the training pairs. False by
        default, as in checkpoints that were written before there were any.
    """

    latent: int
    members: int
    omic_weights: tuple[float, ...]
    gene_dropout: float
    term_dropout: float
    drug_dropout: float
    drug_effect_dropout: float
    cell_line_effect_dropout: float
    residual_effects: bool = False

    @classmethod
    def from_config(cls, omics: Sequence[str], fusion: str, network: Mapping[str, Any]) -> Self:
        """Read the section ``network`` of the configuration; omics that share a channel have the weight 1."""
        options = {field.name: network[field.name] for field in fields(cls)}
        weights = network["omic_weights"]
        apart = tuple(float(weights[omic]) for omic in omics)
        return cls(**options | {"omic_weights": apart if fusion == "channels" else (1.0,)})


class Member(nn.Module):
    """One network of the ensemble."""

    def __init__(
        self,
        hierarchy: Hierarchy,
        sizes: tuple[int, int],
        drug_features: int,
        term_neurons: int,
        hidden: Sequence[int],
        options: ReadoutOptions,
    ) -> None:
        super().__init__()
        self.options = options
        t, k = len(hierarchy.terms), options.latent
        cell_lines, drugs = sizes
        self.hierarchy = HierarchyBranch(hierarchy, term_neurons, len(options.omic_weights))
        self.term_latent = nn.Parameter(torch.empty(t, k))  # P
        self.term_weight = nn.Parameter(torch.empty(t))  # p
        layers: list[nn.Module] = []
        inputs = drug_features
        for outputs in hidden:
            layers += [nn.Linear(inputs, outputs), nn.GELU()]
            inputs = outputs
        self.drug_hidden = nn.Sequential(*layers)
        self.drug_latent = nn.Linear(inputs, k)  # v
        self.drug_effect = nn.Linear(inputs, 2)  # b and r
        # Corrections of drugs and cell lines of the training pairs; those of others are never moved from zero.
        self.seen_drug_latent = nn.Parameter(torch.empty(drugs, k))
        self.seen_drug_effect = nn.Parameter(torch.empty(drugs, 2))
        self.seen_cell_line_latent = nn.Parameter(torch.empty(cell_lines, k))
        self.seen_cell_line_effect = nn.Parameter(torch.empty(cell_lines))
        self.offset = nn.Parameter(torch.empty(()))  # c
        self.ceiling = nn.Parameter(torch.empty(()))  # a

    def forward(self, genotype: Genotype, drugs: Tensor, pairs: Pairs) -> tuple[Tensor, Tensor]:
        """Return N predictions and what each term says of each cell line, T x C."""
        options = self.options
        if self.training and options.gene_dropout:
            shape = (self.hierarchy.layout.n_genes, len(options.omic_weights))
            genotype = genotype.weigh(_dropout_mask(shape, options.gene_dropout, self.term_weight.device))
        _, terms = self.hierarchy(genotype, pairs.cell_line_counts)
        heard = terms
        if self.training and options.term_dropout:
            heard = terms * _dropout_mask((len(terms), 1), options.term_dropout, terms.device)
        seen = self._seen(len(genotype.positions), options.cell_line_effect_dropout, terms)
        latent = heard.T @ self.term_latent + self.seen_cell_line_latent[genotype.positions] * seen[:, None]
        effect = heard.T @ self.term_weight + self.seen_cell_line_effect[genotype.positions] * seen

        drug_latent, drug_effect, sensitivity = self._of_drugs(drugs)
        z = latent @ drug_latent.T + drug_effect + effect[:, None] * sensitivity
        z = z[pairs.cell_line, pairs.drug]
        return torch.sigmoid(z + self.offset) * self.ceiling, terms

    def _of_drugs(self, drugs: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return the vectors v (D x K), effects b (D) and sensitivities 1 + r (D) of D drugs, at their scales in z."""
        hidden = nn.functional.dropout(self.drug_hidden(drugs), self.options.drug_dropout, self.training)
        seen = self._seen(len(drugs), self.options.drug_effect_dropout, hidden)[:, None]
        latent = self.drug_latent(hidden) + self.seen_drug_latent * seen
        effect, sensitivity = (self.drug_effect(hidden) + self.seen_drug_effect * seen).unbind(1)
        return latent * (2 / math.sqrt(self.options.latent)), 2 * effect, 1 + sensitivity

    def _seen(self, rows: int, dropout: float, like: Tensor) -> Tensor:
        """Return 1 for rows that keep their correction in this step, 0 for others."""
        if not self.training:
            return like.new_ones(rows)
        return (torch.rand(rows, device=like.device) >= dropout).to(like.dtype)

    def weights_of(self, drugs: Tensor) -> Tensor:
        """Return the weight of every term for D x F drugs, T x D: what a term says times its weight adds up to z."""
        latent, _, sensitivity = self._of_drugs(drugs)
        return self.term_latent @ latent.T + self.term_weight[:, None] * sensitivity

    @torch.no_grad()
    def initialise(self, generator: torch.Generator) -> None:
        """Draw the parameters; corrections start at zero."""
        branch = self.hierarchy
        branch.initialise(1.0, generator)
        # Inputs are standard scores, so a gene neuron passes its gene on and the way into the term bears the scale.
        branch.gene_weight.copy_(torch.rand(branch.gene_weight.shape, generator=generator) * 2 - 1)
        for parameter in (branch.gene_bias, branch.bias, branch.head_shift):
            parameter.zero_()
        branch.head_scale.fill_(1)
        per_term = 1 / math.sqrt(len(self.term_weight))
        self.term_latent.copy_(torch.randn(self.term_latent.shape, generator=generator) * per_term)
        self.term_weight.copy_(torch.randn(self.term_weight.shape, generator=generator) * per_term / 2)
        for linear in (module for module in self.modules() if isinstance(module, nn.Linear)):
            bound = 1 / math.sqrt(linear.in_features)
            for parameter in linear.parameters():
                parameter.copy_((torch.rand(parameter.shape, generator=generator) * 2 - 1) * bound)
        for parameter in (
            *(self.seen_drug_latent, self.seen_drug_effect),
            *(self.seen_cell_line_latent, self.seen_cell_line_effect, self.offset),
        ):
            parameter.zero_()
        self.ceiling.fill_(1)


class TermReadoutNetwork(nn.Module):
    """An ensemble of :class:`Member`, trained side by side on the same batches; its prediction is their mean.

    Parameters
    ----------
    hierarchy
        Gives the visible branches their terms, edges and annotations.
    sizes
        C and D of the fold: rows of the corrections of seen cell lines and drugs.
    drug_features, fingerprint_bits
        F, and how many of them, at the front, are bits of the fingerprint.
    term_neurons, hidden
        Neurons per term, and of the drug branch's layers.
    options
        See :class:`ReadoutOptions`.
    """

    input_mean: Tensor
    input_deviation: Tensor
    residual_mean: Tensor
    seen_cell_line_residual: Tensor
    seen_drug_residual: Tensor

    def __init__(
        self,
        hierarchy: Hierarchy,
        sizes: tuple[int, int],
        drug_features: int,
        fingerprint_bits: int,
        term_neurons: int,
        hidden: Sequence[int],
        options: ReadoutOptions,
    ) -> None:
        super().__init__()
        self.options = options
        self.fingerprint_bits = fingerprint_bits
        channels, genes = len(options.omic_weights), len(hierarchy.genes)
        self.register_buffer("input_mean", torch.zeros(channels, genes))
        self.register_buffer("input_deviation", torch.ones(channels, genes))
        self.members = nn.ModuleList(
            Member(hierarchy, sizes, drug_features, term_neurons, hidden, options) for _ in range(options.members)
        )
        if options.residual_effects:
            cell_lines, drugs = sizes
            self.register_buffer("residual_mean", torch.zeros(()))
            self.register_buffer("seen_cell_line_residual", torch.zeros(cell_lines))
            self.register_buffer("seen_drug_residual", torch.zeros(drugs))

    def _members(self) -> list[Member]:
        """Return the members by their type; an ``nn.ModuleList`` knows modules alone."""
        return [cast(Member, member) for member in self.members]

    def gather(self, genotype: Tensor) -> Genotype:
        """Prepare a C x M x G genotype for :meth:`forward`: standard scores, each omic by its weight."""
        scores = ((genotype - self.input_mean) / self.input_deviation).clamp(-_LARGEST_SCORE, _LARGEST_SCORE)
        weighed = scores * scores.new_tensor(self.options.omic_weights)[:, None]
        return self._members()[0].hierarchy.gather(weighed)

    def forward(self, genotype: Genotype, drugs: Tensor, pairs: Pairs) -> Output:
        """Predict ``pairs`` of C gathered cell lines and D x F drugs.

        In training, the predictions are those of every member, B x N, and the terms those of all members, (B T) x C.
        """
        features = self._features(drugs)
        predicted, terms = zip(*(member(genotype, features, pairs) for member in self.members), strict=True)
        no_layers = drugs.new_zeros(0, len(drugs))
        auc = torch.stack(predicted)
        if self.options.residual_effects:
            of_lines = self.seen_cell_line_residual[genotype.positions]
            auc = auc + self.residual_mean + of_lines[pairs.cell_line] + self.seen_drug_residual[pairs.drug]
        if self.training:
            return Output(auc, torch.cat(terms), no_layers)
        return Output(auc.mean(0), torch.stack(terms).mean(0), no_layers)

    @torch.no_grad()
    def complete(self, mean: float, cell_lines: Tensor, drugs: Tensor) -> None:
        """Raise what is added to the AUC by a mean and by effects of the C cell lines and D drugs."""
        self.residual_mean += mean
        self.seen_cell_line_residual += cell_lines.to(self.residual_mean)
        self.seen_drug_residual += drugs.to(self.residual_mean)

    def _features(self, drugs: Tensor) -> Tensor:
        """Return D x F drugs with the fingerprint scaled to length 1: a large molecule has more bits."""
        bits, others = drugs.split([self.fingerprint_bits, drugs.shape[1] - self.fingerprint_bits], dim=1)
        return torch.cat([nn.functional.normalize(bits), others], dim=1)

    @torch.no_grad()
    def contributions(self, genotype: Genotype, drugs: Tensor, pairs: Pairs) -> Tensor:
        """Return what every term adds to z of the N ``pairs``, T x N, the mean over the members; in evaluation mode.

        Above 0 a term speaks for a high AUC, a resistant cell line. What is left of z is the drug's own effect and the
        correction of a seen cell line; residual effects are no part of z.
        """
        states, weights = self.contribution_parts(genotype, drugs, pairs)
        return torch.stack(
            [said[:, pairs.cell_line] * weight[:, pairs.drug] for said, weight in zip(states, weights, strict=True)]
        ).mean(0)

    @torch.no_grad()
    def contribution_parts(self, genotype: Genotype, drugs: Tensor, pairs: Pairs) -> tuple[Tensor, Tensor]:
        """Return what every term of every member says, B x T x C, and its weights for the drugs, B x T x D."""
        assert not self.training, "contributions are those of the trained network; call eval() first"
        features = self._features(drugs)
        said = [member.hierarchy(genotype, pairs.cell_line_counts)[1] for member in self._members()]
        return torch.stack(said), torch.stack([member.weights_of(features) for member in self._members()])

    @torch.no_grad()
    def fit_inputs(self, genotype: Tensor) -> None:
        """Learn the means and deviations of the inputs from the C x M x G genotype of the training cell lines."""
        self.input_mean.copy_(genotype.mean(0))
        self.input_deviation.copy_(genotype.std(0, correction=0).clamp(min=_SMALLEST_DEVIATION))

    @torch.no_grad()
    def initialise(self, init: Init, seed: int) -> None:
        """Draw all parameters from ``seed``; ``init`` is the joined network's and of no concern here."""
        generator = torch.Generator().manual_seed(seed)
        for member in self._members():
            member.initialise(generator)

    @torch.no_grad()
    def start_at(self, auc: float) -> None:
        """Let every prediction start near ``auc``, the training mean.

        Raises
        ------
        ValueError
            If it does not lie between 0 and 1, where the sigmoid does.
        """
        if not 0 < auc < 1:
            raise ValueError(
                f"network.readout: terms predicts AUCs with a mean between 0 and 1; the training mean is {auc:.4g}: "
                "bring the responses to that scale, or take readout joined"
            )
        for member in self._members():
            member.offset.fill_(math.log(auc / (1 - auc)))

    def term_weights(self) -> list[Tensor]:
        """Return the weights W of all terms of all members; see :meth:`HierarchyBranch.term_weights`."""
        return [weight for member in self._members() for weight in member.hierarchy.term_weights()]


def decay_group(parameter: str) -> str | None:
    """Return the key of ``training.decay`` that a parameter of :class:`TermReadoutNetwork` comes under, by its name."""
    parts = parameter.split(".")
    if parts[0] != "members":
        return None
    return next((group for group, names in _DECAY_GROUPS.items() if parts[2] in names), None)


def named_rows(tensor: str) -> Literal["cell_line", "drug"] | None:
    """Return whether the rows of a tensor of a network's state stand for cell lines or drugs, by its name."""
    last = tensor.rpartition(".")[2]
    if last.startswith("seen_cell_line_"):
        return "cell_line"
    return "drug" if last.startswith("seen_drug_") else None


def _dropout_mask(shape: tuple[int, ...], part: float, device: torch.device) -> Tensor:
    """Return 0 for a random part and, for the rest, what keeps the expected sum."""
    return (torch.rand(shape, device=device) >= part).float() / (1 - part)


Network = DrugGeneNetwork | TermReadoutNetwork
