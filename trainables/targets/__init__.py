"""Target values: what the outputs of a network are drawn to, one class and one non-class value a class (or a neuron).

A strategy sets them at the start: a function of what it names among n_classes (int), generator (torch's, of the trial's
seed), class_means and non_class_means (float64 [K], of the network's outputs), sigma_sum (float). An adjustment changes
them after each epoch: a function of (values) and, if it wants, sigma_sum. Both return `TargetValues`; keyword-only
parameters are their hyperparameters. All values are probabilities, in [0, 1].
Source: "Dynamic Optimization of Target Values in Neural Network Classification", sections 3 and 6.
"""
