"""Messages are compared with the wording that docs/study.md promises."""

from __future__ import annotations

import pytest

from tuner.errors import InputError, Interrupted, Problem, RunError, TunerError, did_you_mean


def test_a_problem_names_place_rule_value_and_line() -> None:
    problem = Problem(("search", "trials"), "must be at least 1", 0, line=12, file="studies/x.yaml")
    assert problem.format() == "studies/x.yaml:12: search.trials: must be at least 1, but got 0"


def test_a_problem_of_an_override_names_the_option() -> None:
    problem = Problem(("search", "trials"), "must be at least 1", 0, option="--set search.trials")
    assert problem.format() == "--set search.trials: must be at least 1, but got 0"
    below = Problem(("grid", "loss", 1), "is wrong", option="--set grid.loss")
    assert below.format() == "--set grid.loss: grid.loss.1: is wrong"


def test_a_value_of_none_is_shown_and_a_missing_one_is_not() -> None:
    assert Problem((), "must be text", None).message() == "must be text, but got None"
    assert Problem((), "is required").message() == "is required"


def test_choices_are_listed_with_the_nearest_one() -> None:
    message = Problem((), "is not a scheduler", "ahsa", ("asha", "fifo")).message()
    assert message == "is not a scheduler, but got 'ahsa'; did you mean asha? Choices: asha, fifo"
    assert Problem((), "is wrong", 3, ("asha",)).message() == "is wrong, but got 3; choices: asha"


def test_long_values_and_long_lists_are_cut() -> None:
    message = Problem((), "is wrong", "x" * 500, tuple(f"choice{i}" for i in range(40))).message()
    assert len(message) < 600
    assert message.endswith("and 16 more")


@pytest.mark.parametrize(
    ("given", "expected"), [("hyperot", "hyperopt"), ("MNISt", "MNIST"), ("zzz", None), (3, None), ([], None)]
)
def test_did_you_mean(given: object, expected: str | None) -> None:
    assert did_you_mean(given, ("hyperopt", "MNIST", "random")) == expected


def test_exit_codes_are_those_of_the_documentation() -> None:
    assert (TunerError.exit_code, InputError.exit_code, RunError.exit_code, Interrupted.exit_code) == (1, 2, 1, 130)


def test_an_input_error_tells_every_problem() -> None:
    error = InputError([Problem(("a",), "is one"), Problem(("b",), "is two")])
    assert str(error) == "a: is one\nb: is two"
    assert InputError("is all").problems == (Problem((), "is all"),)


def test_the_package_offers_run_as_a_function_whatever_was_imported_before() -> None:
    """Importing the module `tuner.run` must not put the module in the function's place."""
    import tuner.run

    assert callable(tuner.run)
    assert not hasattr(tuner, "no_such_name")
    assert "load_study" in dir(tuner)
