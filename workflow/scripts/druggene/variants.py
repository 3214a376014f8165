"""Networks by configuration: an entry of ``models`` and the sections of the configuration that it overrides."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

OVERRIDDEN: Final = ("genotype", "drugs", "network", "training")
"""The sections of the configuration of which a model may have keys of its own."""
REAL: Final = "real"
"""The hierarchy as it is; see :mod:`druggene.hierarchy_controls` for the others."""
GENE_PERMUTED: Final = "gene_permuted"
"""The hierarchy with the genes exchanged among each other."""
BASE: Final = "base"
"""The variant of an ablation that changes nothing."""


def model_settings(config: Mapping[str, Any], model: Mapping[str, Any]) -> dict[str, Any]:
    """Return all that a network is built and trained by.

    Parameters
    ----------
    config
        The completed configuration.
    model
        An entry of ``models``: label, omics and, where it differs from the rest of the configuration, ``hierarchy``,
        ``seed`` and keys of the sections ``OVERRIDDEN``.

    Returns
    -------
    dict
        label, omics, hierarchy, seed, and every section of ``OVERRIDDEN`` with the model's keys laid over it.
    """
    settings = {"hierarchy": REAL, "seed": config["seed"]} | dict(model)
    return settings | {section: laid_over(config[section], model.get(section, {})) for section in OVERRIDDEN}


def laid_over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``below`` with the keys of ``above`` laid over it, sections within sections too."""
    laid = dict(below)
    for key, value in above.items():
        inner = isinstance(value, Mapping) and isinstance(below.get(key), Mapping)
        laid[key] = laid_over(below[key], value) if inner else value
    return laid


def differ_only_in(first: Mapping[str, Any], second: Mapping[str, Any], key: str) -> bool:
    """Tell whether two :func:`model_settings` differ in ``key`` and agree in all else but the label."""
    keys = (first.keys() | second.keys()) - {"label", key}
    return first[key] != second[key] and all(first.get(each) == second.get(each) for each in keys)


def permuted_twins(settings: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Return models with the real hierarchy and, of each, the first that differs in nothing but permuted genes.

    ``settings`` are model names to :func:`model_settings`; the label is free to differ.
    """
    permuted = [name for name, model in settings.items() if model["hierarchy"] == GENE_PERMUTED]
    twins = {}
    for name, model in settings.items():
        found = [twin for twin in permuted if differ_only_in(model, settings[twin], "hierarchy")]
        if model["hierarchy"] == REAL and found:
            twins[name] = found[0]
    return twins


def seed_names(settings: Mapping[str, Mapping[str, Any]]) -> list[tuple[str, str, str]]:
    """Return model, another that differs in nothing but the seed, and what readers call that: its seed and name."""
    return [
        (name, other, f"seed {settings[other]['seed']} ({other})")
        for name in settings
        for other in settings
        if differ_only_in(settings[name], settings[other], "seed")
    ]


def with_twins(names: Sequence[str], settings: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return models and, behind each, its permuted twin; each once."""
    twins = permuted_twins(settings)
    return list(dict.fromkeys(each for name in names for each in (name, twins.get(name, name))))


def has_own_genotype(config: Mapping[str, Any], settings: Mapping[str, Any]) -> bool:
    """Tell whether a model's genotype is encoded otherwise than the configuration's section ``genotype`` says."""
    return any(settings["genotype"][key] != config["genotype"][key] for key in ("mutation_encoding", "impute"))


def drug_features_needed(config: Mapping[str, Any], settings: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the drug features that the configuration and all models together need: morgan, descriptors or both.

    A fingerprint is always computed, so that one model with descriptors makes it both.
    """
    own = {config["drugs"]["features"], *(model["drugs"]["features"] for model in settings.values())}
    return own.pop() if len(own) == 1 else "both"


def ablation_models(config: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the models of the ablation stage: the base and every variant, each with several seeds.

    The base with the configuration's own seed is the model of that name, trained anyway; the others get names of their
    own. A variant lays its keys over the base, section by section; ``omics`` takes the place of the base's. Without
    variants there is no model.

    Returns
    -------
    dict
        Model name to an entry as in ``models``, with ``variant`` and ``label`` of the variant; the base comes first.
    """
    ablations = config["ablations"]
    if not ablations["variants"]:
        return {}
    base = dict(config["models"][ablations["base"]])
    variants = {BASE: {"label": base["label"]}} | ablations["variants"]
    models = {}
    for variant, own in variants.items():
        seeds = own.get("seeds", ablations["seeds"])
        laid = laid_over(base, {key: value for key, value in own.items() if key != "seeds"})
        for number in range(seeds):
            is_base = variant == BASE and number == 0
            name = ablations["base"] if is_base else f"ablation_{variant}_seed_{number + 1}"
            seed = base.get("seed", config["seed"]) + number
            models[name] = laid | {"seed": seed, "variant": variant}
    return models
