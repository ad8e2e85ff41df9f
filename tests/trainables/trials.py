"""Trials of any system without an orchestrator, on small data: what the tests of trainables share."""

import numpy as np
import torch

from trainables.training import TrialContext, epochs

_DROPOUT_MODEL = """
from torch import nn
from trainables.models.backbone import Backbone

def with_dropout(in_channels: int, image_size: int, out_features: int) -> Backbone:
    body = nn.Sequential(nn.Flatten(), nn.Linear(in_channels * image_size**2, 16), nn.ReLU(), nn.Dropout(0.5))
    return Backbone(body, nn.Linear(16, out_features))
"""


def make_context(folder, seed=1, **options):
    return TrialContext(seed=seed, data_dir=folder, cache_dir=folder / "cache", **options)


def run(training, last, done=0):
    """The metrics of the epochs after `done`, to the last; what a clock measured is left out."""
    results = epochs(training, last=last, done=done)
    return [{key: value for key, value in result.items() if not key.startswith("time/")} for result in results]


def dropout_model(folder):
    """A backbone of somebody's own that draws random numbers, as a study names it."""
    path = folder / "dropout_model.py"
    path.write_text(_DROPOUT_MODEL)
    return f"{path}:with_dropout"


def embed(training, part):
    """Embeddings, logits and labels of a split of moving targets, image by image, straight from the network."""
    split, indices = training._images.split(part)
    data, model = training._images.data, training._model.eval()
    mean, std = (np.array(values, dtype=np.float32).reshape(-1, 1, 1) for values in (data.mean, data.std))
    pixels = np.array(split.images[indices], dtype=np.float32)
    with torch.no_grad():
        outputs = [model(torch.from_numpy((image - mean) / std)[None]) for image in pixels]
    embeddings = torch.cat([output.embeddings for output in outputs]).double().numpy()
    logits = None if outputs[0].logits is None else torch.cat([o.logits for o in outputs]).double().numpy()
    return embeddings, logits, np.array(split.labels[indices])
