"""Where trials of these tests keep their data, and one such trial's context."""

import pytest

from .trials import make_context


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Shared by a module's tests, so that data is prepared once."""
    return tmp_path_factory.mktemp("data")


@pytest.fixture
def context(folder):
    return make_context(folder)
