"""How sure a model is of the class that it predicts, and whether it is right: for a reliability diagram."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

SOFTMAX, SIGMOID = "softmax of logits", "sigmoid of the logit"


def confidence_arrays(probabilities: Tensor, labels: Tensor, kind: str) -> dict[str, NDArray[Any]]:
    """The arrays that each system keeps of its best trial, under the same names.

    probabilities [N, K], labels [N]. kind: what the probabilities are, for the figure's axis.
    Returns confidence [N] float32: the largest probability; correct [N] bool: whether it is the label's (the first of
    equals); confidence_kind: text.
    """
    confidence, predicted = probabilities.max(1)
    return {
        "confidence": confidence.float().cpu().numpy(),
        "correct": (predicted == labels.to(predicted.device)).cpu().numpy(),
        "confidence_kind": np.array(kind),
    }


def probabilities_of_scores(scores: Tensor, rule: str) -> tuple[Tensor, str]:
    """Probabilities [N, K] from the scores [N, K] of a decision rule by name, and what they are.

    Nearest neighbours have no probabilities of their own. The usual ones: softmax of the negative squared distance,
    the posterior of equal Gaussians around the references ("Prototypical Networks for Few-shot Learning", equation 2),
    and softmax of the cosine ("Matching Networks for One Shot Learning", section 2.1.1). Neither has a temperature, so
    cosines, which lie in [-1, 1], never give a high one.
    """
    scores = scores.cpu().double()  # on the CPU, for not every device has doubles
    if rule in ("euc", "euc_ce"):
        return (-scores.square()).softmax(1), "softmax of the negative squared distance"
    if rule in ("cos", "cos_ce"):
        return scores.softmax(1), "softmax of the cosine"
    return scores.softmax(1), SOFTMAX if rule == "argmax" else f"softmax of the scores by {rule}"
