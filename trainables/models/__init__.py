"""Networks: builders `(in_channels, image_size, out_features, *, options) -> Backbone`, and the models around them.

Keyword-only parameters of a builder are its hyperparameters. A backbone is a body, whose output is the penultimate
layer, and a linear head; `EmbeddingModel` and `PureModel` answer images with the same `Output`.
"""
