"""What is taken from a network's outputs, and how they are classified: against scalar loops."""

import math
import statistics

import pytest
import torch

from trainables.targets import classification
from trainables.targets.measures import measures_of, value_metrics
from trainables.targets.observation import Outputs, initial_values, output_means
from trainables.targets.one_hot import one_hot
from trainables.targets.sigma import sigma_sum
from trainables.targets.values import TargetValues

K = 4


@pytest.fixture
def outputs():
    generator = torch.Generator().manual_seed(0)
    labels = torch.cat([torch.arange(K), torch.arange(K), torch.randint(0, K, (40,), generator=generator)])
    return Outputs(2 * torch.randn(len(labels), K, generator=generator), labels)


@pytest.fixture
def vectors():
    generator = torch.Generator().manual_seed(1)
    values = torch.rand(2, K, generator=generator, dtype=torch.float64)
    return TargetValues(*values).vectors().float()


def rows(outputs):
    """Probabilities in plain floats, with their labels."""
    result = []
    for logits, label in zip(outputs.logits.tolist(), outputs.labels.tolist(), strict=True):
        exponents = [math.exp(z) for z in logits]
        result.append(([e / sum(exponents) for e in exponents], label))
    return result


def test_means_per_class_are_algorithm_1s(outputs):
    """Oracle: lines 2 to 10, sample by sample."""
    class_means, non_class_means = output_means(outputs)
    for k in range(K):
        own = [p[k] for p, label in rows(outputs) if label == k]
        others = [p[j] for p, label in rows(outputs) if label == k for j in range(K) if j != k]
        assert class_means[k].item() == pytest.approx(statistics.mean(own), rel=1e-5)
        assert non_class_means[k].item() == pytest.approx(statistics.mean(others), rel=1e-5)


def test_means_per_neuron(outputs):
    """Oracle: of each neuron over the samples of its class, and over all others (section 6.6)."""
    class_means, non_class_means = output_means(outputs, per="neuron")
    for j in range(K):
        own = [p[j] for p, label in rows(outputs) if label == j]
        others = [p[j] for p, label in rows(outputs) if label != j]
        assert class_means[j].item() == pytest.approx(statistics.mean(own), rel=1e-5)
        assert non_class_means[j].item() == pytest.approx(statistics.mean(others), rel=1e-5)


def test_means_need_every_class(outputs):
    with pytest.raises(ValueError, match=r"there are none of \[2\]"):
        output_means(_without(outputs, 2))


def _without(outputs, label):
    kept = outputs.labels != label
    return Outputs(outputs.logits[kept], outputs.labels[kept])


def deviations(outputs, axes):
    samples = rows(outputs)
    match axes:
        case "neurons":
            groups = [[p[j] for p, _ in samples] for j in range(K)]
        case "own_neurons":
            groups = [[p[k] for p, label in samples if label == k] for k in range(K)]
        case "class_neurons":
            groups = [[p[j] for p, label in samples if label == k] for k in range(K) for j in range(K)]
        case "all":
            groups = [[value for p, _ in samples for value in p]]
        case "samples":
            groups = [p for p, _ in samples]
    return [statistics.stdev(group) for group in groups]


@pytest.mark.parametrize("axes", ["neurons", "own_neurons", "class_neurons", "all", "samples"])
def test_sigma_sum_in_every_reading(outputs, axes):
    """Oracle: statistics.stdev of each group, summed."""
    value = sigma_sum(outputs.probabilities, outputs.labels, axes=axes)
    assert value == pytest.approx(sum(deviations(outputs, axes)), rel=1e-5)


def test_sigma_sum_of_a_constant_network_is_0_and_of_a_perfect_one_known():
    """Oracle: by hand; one-hot outputs of two equally frequent classes have n/(n-1) * 1/4 as each neuron's variance."""
    labels = torch.tensor([0, 1] * 8)
    assert sigma_sum(torch.full((16, 2), 0.5), labels) == 0
    assert sigma_sum(torch.eye(2)[labels], labels) == pytest.approx(2 * math.sqrt(16 / 15 / 4))
    assert sigma_sum(torch.eye(2)[labels], labels, axes="class_neurons") == 0
    assert sigma_sum(torch.eye(3)[labels], labels, axes="own_neurons") == 0  # a class without samples counts nothing
    with pytest.raises(ValueError, match=r"sigma_axes must be one of neurons, .*, but got 'rows'"):
        sigma_sum(torch.eye(2)[labels], labels, axes="rows")


def scores_by_loop(name, p, vectors):
    targets = vectors.tolist()
    match name:
        case "winner_takes_all":
            return p
        case "nearest_target":
            return [-math.dist(p, target) for target in targets]
        case "nearest_neuron":
            return [-abs(p[k] - targets[k][k]) for k in range(K)]


@pytest.mark.parametrize("name", classification.RULES)
def test_rules(outputs, vectors, name):
    """Oracle: distances one at a time."""
    scores = classification.RULES[name](outputs.probabilities, vectors).tolist()
    for row, (p, _) in zip(scores, rows(outputs), strict=True):
        assert row == pytest.approx(scores_by_loop(name, p, vectors), abs=1e-5)


def test_the_winner_is_the_nearest_of_one_hot_targets(outputs):
    """Oracle: section 1: winner-takes-all is a special case of minimum distance."""
    vectors = one_hot(K).vectors().float()
    predictions = {name: rule(outputs.probabilities, vectors).argmax(1) for name, rule in classification.RULES.items()}
    assert torch.equal(predictions["winner_takes_all"], predictions["nearest_target"])
    assert torch.equal(predictions["winner_takes_all"], predictions["nearest_neuron"])


@pytest.mark.parametrize("rule", classification.RULES)
def test_measures(outputs, vectors, rule):
    """Oracle: loss, accuracies and confidence in plain floats, sample by sample."""
    measured = measures_of(outputs, vectors, rule=rule, axes="neurons")
    targets = vectors.tolist()
    loss, cosines, correct = [], [], dict.fromkeys(classification.RULES, 0)
    for p, label in rows(outputs):
        loss.append(-sum(t * math.log(q) for t, q in zip(targets[label], p, strict=True)))
        for name in classification.RULES:
            scores = scores_by_loop(name, p, vectors)
            predicted = scores.index(max(scores))
            correct[name] += predicted == label
            if name == rule:
                dot = sum(a * b for a, b in zip(p, targets[predicted], strict=True))
                cosines.append(dot / math.hypot(*p) / math.hypot(*targets[predicted]))
    assert measured["loss"] == pytest.approx(statistics.mean(loss), rel=1e-5)
    assert measured["confidence"] == pytest.approx(statistics.mean(cosines), rel=1e-5)
    for name, count in correct.items():
        assert measured[f"accuracy/{name}"] == pytest.approx(count / len(loss)), name
    assert measured["accuracy"] == measured[f"accuracy/{rule}"]
    assert measured["sigma_sum"] == pytest.approx(sum(deviations(outputs, "neurons")), rel=1e-5)


def test_value_metrics():
    """Oracle: by hand."""
    values = TargetValues(torch.tensor([0.5, 0.25]).double(), torch.tensor([0.0, 1.0]).double())
    assert value_metrics(values) == {
        "targets/class_value/0": 0.5,
        "targets/class_value/1": 0.25,
        "targets/non_class_value/0": 0.0,
        "targets/non_class_value/1": 1.0,
        "targets/separation/0": 0.5,
        "targets/separation/1": 0.75,
        "targets/separation/mean": 0.625,
        "targets/separation/min": 0.5,
        "targets/separation/max": 0.75,
    }


def test_strategies_get_what_they_name_and_the_network_is_not_asked_in_vain(outputs):
    """Oracle: strategies that return what they got."""

    def observing(class_means, non_class_means, sigma_sum, *, bonus):
        return class_means, non_class_means, sigma_sum, bonus

    def plain(n_classes, generator):
        return n_classes, generator

    def never():
        raise AssertionError

    def unknown(weather):
        return weather

    generator = torch.Generator()
    common = {"n_classes": K, "generator": generator}
    class_means, non_class_means, sigma, bonus = initial_values(
        observing, {"bonus": 3}, observe=lambda: outputs, axes="all", **common
    )
    expected = output_means(outputs)
    assert torch.equal(class_means, expected[0])
    assert torch.equal(non_class_means, expected[1])
    assert sigma == sigma_sum(outputs.probabilities, outputs.labels, axes="all")
    assert bonus == 3
    assert initial_values(plain, {}, observe=never, **common) == (K, generator)
    with pytest.raises(ValueError, match="but names weather"):
        initial_values(unknown, {}, observe=never, **common)
