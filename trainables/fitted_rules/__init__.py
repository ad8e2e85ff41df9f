"""Fitted rules: decision rules whose thresholds are chosen on validation data.

Each is a function `(probabilities [N, K], labels [N], *, ...) -> Fitted` of NumPy arrays. It looks for the rule with
the highest accuracy on what it is given, and returns it: a function from probabilities to predicted labels, with its
thresholds. Keyword-only parameters that are called `step`, `draws`, `ties`, `depth` and `seed` are set by a study's
options.
"""
