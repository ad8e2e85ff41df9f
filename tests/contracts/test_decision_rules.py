"""What every decision rule of the catalogue promises."""

import pytest
import torch

from trainables import catalog
from trainables.decision_rules.scoring import score

NAMES = catalog.names("decision_rules")
WITH_CENTRES = [n for n in NAMES if "centres" in catalog.signature("decision_rules", n).input_names]
every_rule = pytest.mark.parametrize("name", NAMES)
KNOWN = {"embeddings", "logits", "centres", "class_embeddings"}
N, K, D = 11, 5, 3


@pytest.fixture
def tensors():
    generator = torch.Generator().manual_seed(5)
    return {
        "embeddings": torch.randn(N, D, generator=generator),
        "logits": torch.randn(N, K, generator=generator),
        "centres": torch.randn(K, D, generator=generator),
        "class_embeddings": torch.randn(K, D, generator=generator),
    }


@every_rule
def test_static_signature_names_known_tensors(name):
    signature = catalog.signature("decision_rules", name)
    assert set(signature.input_names) <= KNOWN
    assert not signature.options
    assert catalog.load("decision_rules", name).__doc__


@every_rule
def test_scores_have_a_column_per_class_and_each_sample_is_scored_alone(name, tensors):
    """Oracle: the scores of one sample after the other."""
    rule = catalog.load("decision_rules", name)
    scores = score(rule, **tensors)
    assert scores.shape == (N, K)
    for i in range(N):
        one = {k: v[i : i + 1] if k in ("embeddings", "logits") else v for k, v in tensors.items()}
        torch.testing.assert_close(score(rule, **one)[0], scores[i])


@every_rule
def test_half_precision_inputs_are_scored_as_well_under_autocast(name, tensors):
    """Oracle: the same numbers in float32. A rule that multiplied in bfloat16 would be wrong in the third digit."""
    rule = catalog.load("decision_rules", name)
    rounded = {k: v.bfloat16() if k in ("embeddings", "logits") else v for k, v in tensors.items()}
    with torch.autocast("cpu", dtype=torch.bfloat16):
        scores = score(rule, **rounded).float()
    torch.testing.assert_close(scores, score(rule, **{k: v.float() for k, v in rounded.items()}))


@pytest.mark.parametrize("name", WITH_CENTRES)
def test_classes_without_centre_never_win(name, tensors):
    tensors["centres"][2] = torch.nan
    rule = catalog.load("decision_rules", name)
    scores = score(rule, **tensors)
    assert (scores[:, 2] == -torch.inf).all()
    kept = [0, 1, 3, 4]
    others = score(rule, **tensors | {"centres": tensors["centres"][kept]})
    torch.testing.assert_close(scores[:, kept], others)


@every_rule
def test_what_a_model_lacks_is_named(name, tensors):
    rule = catalog.load("decision_rules", name)
    wanted = catalog.signature("decision_rules", name).input_names
    del tensors[wanted[-1]]
    with pytest.raises(ValueError, match=f"{name} needs {wanted[-1]}, but there is only"):
        score(rule, **tensors)
