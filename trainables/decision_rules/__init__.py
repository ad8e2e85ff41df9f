"""Decision rules: functions that score every class for every sample; the highest score is the prediction.

The names of a rule's parameters tell what it is given: `embeddings [N, D]`, `logits [N, K]`, `centres [K, D]` (class
centres of the training embeddings; rows of NaN for classes without one) and `class_embeddings [K, D]`.
It returns scores [N, K], higher is likelier, -inf for a class that must not win.
"""
