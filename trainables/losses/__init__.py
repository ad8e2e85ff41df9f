"""Losses: functions of one batch that return its sum over the samples.

`(embeddings [B, D], targets [B], class_embeddings [K, D], *, params) -> scalar` for a model with class embeddings,
`(logits [B, K], targets [B], *, params) -> scalar` for one with a linear classifier, and `(logits, targets,
class_counts [K], *, params) -> scalar` where the numbers of training images matter; the names of the parameters tell
which. Keyword-only parameters are the loss's hyperparameters, required where they have no default.
All of them are sums, as the paper has it (section III-C), cross entropy included: loss(batch) is the sum of
loss(sample), and a mean over a split is one division by its size.
A loss that is a value of the whole batch (pairwise hinge, soft F1, soft balanced accuracy) is multiplied by its size.
"""
