"""What a model of the configuration overrides, and what it leaves as it is."""

from typing import Any

from druggene.variants import ablation_models, drug_features_needed, has_own_genotype, model_settings

CONFIG: dict[str, Any] = {
    "seed": 7,
    "genotype": {"mutation_encoding": "gray", "impute": "cell_line_mean", "fusion": "sum"},
    "drugs": {"features": "morgan", "fingerprint": {"radius": 2, "bits": 2048}},
    "network": {"term_neurons": 6, "omic_weights": {"mutation": 0.3, "expression": 1}},
    "training": {"epochs": 60, "alpha": 0.2},
}
PLAIN = {"label": "Plain", "omics": ["mutation"]}


def test_a_plain_model_takes_the_configuration() -> None:
    sections = {key: value for key, value in CONFIG.items() if key != "seed"}
    assert model_settings(CONFIG, PLAIN) == {**PLAIN, "hierarchy": "real", "seed": 7, **sections}


def test_a_model_lays_its_keys_over_the_sections() -> None:
    own = {"seed": 1, "hierarchy": "dense", "training": {"alpha": 0.0}, "drugs": {"features": "both"}}
    settings = model_settings(CONFIG, PLAIN | own)
    assert (settings["seed"], settings["hierarchy"]) == (1, "dense")
    assert settings["training"] == {"epochs": 60, "alpha": 0.0}
    assert settings["drugs"] == {"features": "both", "fingerprint": {"radius": 2, "bits": 2048}}
    assert settings["network"] == CONFIG["network"]
    assert CONFIG["training"]["alpha"] == 0.2


def test_keys_within_keys_leave_their_siblings() -> None:
    own = {"omic_weights": {"mutation": 0.5}}
    expected = {"term_neurons": 6, "omic_weights": {"mutation": 0.5, "expression": 1}}
    assert model_settings(CONFIG, PLAIN | {"network": own})["network"] == expected
    base = {"label": "Base", "omics": ["mutation"], "network": own}
    variants = {"rare": {"label": "Rare", "network": {"omic_weights": {"expression": 2}}}}
    ablations = {"base": "base", "variants": variants, "seeds": 1}
    model = ablation_models(CONFIG | {"models": {"base": base}, "ablations": ablations})["ablation_rare_seed_1"]
    assert model["network"] == {"omic_weights": {"mutation": 0.5, "expression": 2}}


def test_only_another_encoding_needs_a_genotype_of_its_own() -> None:
    for genotype, own in (({"fusion": "channels"}, False), ({"mutation_encoding": "binary"}, True), ({}, False)):
        assert has_own_genotype(CONFIG, model_settings(CONFIG, PLAIN | {"genotype": genotype})) is own


def test_descriptors_of_one_model_are_computed_for_all() -> None:
    plain = model_settings(CONFIG, PLAIN)
    assert drug_features_needed(CONFIG, {"a": plain}) == "morgan"
    described = model_settings(CONFIG, PLAIN | {"drugs": {"features": "descriptors"}})
    assert drug_features_needed(CONFIG, {"a": plain, "b": described}) == "both"
