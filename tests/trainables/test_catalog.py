"""The catalogue: every name leads somewhere, and everything about it can be told without importing torch."""

import inspect
import pickle
import subprocess
import sys
import textwrap

import pytest

from trainables import catalog
from trainables.catalog import CatalogError
from trainables.signatures import MISSING, UNREADABLE

CASES = [(kind, name) for kind in catalog.KINDS for name in catalog.names(kind)]
STATIC = """
import sys
import trainables.models.pretrained
from trainables import catalog, options
for kind in catalog.KINDS:
    for name in catalog.names(kind):
        assert catalog.signature(kind, name) is not None, name
for name in catalog.names("trainables"):
    options.describe(catalog.options_class(name))
assert catalog.signature("losses", "torch.nn.functional:cross_entropy").input_names[:2] == ("input", "target")
heavy = {"torch", "torchvision", "numpy", "sklearn", "ray", "mlflow"} & set(sys.modules)
assert not heavy, heavy
"""


@pytest.mark.parametrize(("kind", "name"), CASES)
def test_every_entry_loads_and_its_static_signature_is_the_real_one(kind, name):
    """Oracle: inspect.signature of the imported object."""
    loaded = catalog.load(kind, name)
    signature = catalog.signature(kind, name)
    real = inspect.signature(loaded).parameters.values()
    assert signature.option_names == tuple(p.name for p in real if p.kind is p.KEYWORD_ONLY)
    assert signature.input_names == tuple(p.name for p in real if p.kind is p.POSITIONAL_OR_KEYWORD)
    defaults = {p.name: p.default for p in real if p.default is not p.empty}
    for parameter in (*signature.inputs, *signature.options):
        assert parameter.required == (parameter.name not in defaults)
        if not parameter.required and parameter.default is not UNREADABLE:
            assert parameter.default == defaults[parameter.name]


def test_nothing_heavy_is_imported():
    """Oracle: sys.modules of a fresh interpreter that asked for every name, signature and option."""
    done = subprocess.run([sys.executable, "-c", STATIC], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_names_of_a_prefix():
    assert catalog.resolve("datasets", "folder:/some/pictures") == catalog.DATASETS["folder:"]


@pytest.mark.parametrize(
    ("kind", "name", "rule", "choice"),
    [
        ("losses", "cosin", "must be a name from losses", "cosine"),
        ("losses", 3, "must be a name from losses", "cosine"),
        ("loses", "cosine", "must be a kind", "losses"),
        ("losses", "trainables.loses.cosine:cosine", "module trainables.loses must exist", "trainables.losses:cosine"),
        (
            "losses",
            "trainables.losses.cosin:cosine",
            "module trainables.losses.cosin must exist",
            "trainables.losses.cosine:cosine",
        ),
        (
            "losses",
            "trainables.losses.cosine:cosin",
            "module trainables.losses.cosine must define cosin",
            "trainables.losses.cosine:cosine",
        ),
        ("losses", "no_such_package:loss", "module no_such_package must exist", None),
        ("losses", "trainables.losses:not an attr", "must be 'package.module:attr'", None),
        ("losses", ":loss", "must be 'package.module:attr'", None),
        ("losses", "/no/such/file.py:loss", "file /no/such/file.py must exist", None),
    ],
)
def test_names_that_lead_nowhere(kind, name, rule, choice):
    for ask in (catalog.signature, catalog.load):
        with pytest.raises(CatalogError) as caught:
            ask(kind, name)
        assert caught.value.rule.startswith(rule)
        assert choice is None or choice in caught.value.choices
        assert choice is None or f"did you mean {choice!r}" in str(caught.value) or name == 3


def test_errors_cross_processes():
    with pytest.raises(CatalogError) as caught:
        catalog.resolve("losses", "cosin")
    copy = pickle.loads(pickle.dumps(caught.value))  # noqa: S301  (our own bytes)
    assert (str(copy), copy.choices) == (str(caught.value), caught.value.choices)


@pytest.fixture
def write(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)

    def write(name, text):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))
        return path

    return write


def test_a_users_file(write):
    """Oracle: the file's own text. Reading the signature must not run it, loading must, and only once."""
    path = write(
        "mine.py",
        """
        import dataclasses
        runs = []
        runs.append(1)

        def loss(embeddings, targets, class_embeddings, *, margin: float, power: int = 2, seed=object()):
            return runs

        @dataclasses.dataclass
        class Settings:
            a: int = 1
        """,
    )
    signature = catalog.signature("losses", f"{path}:loss")
    assert [(p.name, p.default, p.annotation) for p in signature.options] == [
        ("margin", MISSING, "float"),
        ("power", 2, "int"),
        ("seed", UNREADABLE, ""),
    ]
    loss = catalog.load("losses", f"{path}:loss")
    assert loss is catalog.load("losses", f"{path}:loss")
    assert loss(None, None, None, margin=1) == [1]
    assert catalog.signature("losses", f"{path}:Settings") is None  # its __init__ is generated


def test_reading_a_signature_runs_no_code(write):
    write("pkg/__init__.py", "raise RuntimeError('parent was imported')")
    write("pkg/inner.py", "raise RuntimeError('module was imported')\ndef loss(logits, targets): ...")
    assert catalog.signature("losses", "pkg.inner:loss").input_names == ("logits", "targets")
    with pytest.raises(CatalogError, match=r"must be importable \(RuntimeError: parent was imported\)"):
        catalog.load("losses", "pkg.inner:loss")


def test_re_exports_are_followed(write):
    write("shop/__init__.py", "from .shelf import goods as loss")
    write("shop/shelf.py", "try:\n    from shop.store import goods\nexcept ImportError:\n    goods = None")
    write("shop/store.py", "def goods(logits, targets, *, k: int = 3): ...")
    # The last binding in the file, `goods = None`, cannot be read: unknown rather than a wrong guess.
    assert catalog.signature("losses", "shop:loss") is None
    write("shop2/__init__.py", "from .shelf import goods as loss")
    write("shop2/shelf.py", "from shop2.store import goods")
    write("shop2/store.py", "def goods(logits, targets, *, k: int = 3): ...")
    assert catalog.signature("losses", "shop2:loss").option_names == ("k",)
    write("loop.py", "from loop import loss")
    assert catalog.signature("losses", "loop:loss") is None


def test_what_cannot_be_read_is_unknown_not_wrong(write):
    write("made.py", "import functools\nloss = functools.partial(print)\nfrom math import *")
    assert catalog.signature("losses", "made:loss") is None
    assert catalog.signature("losses", "made:anything") is None  # the star may bring it
    assert catalog.signature("losses", "math:sqrt") is None  # compiled


def test_broken_files_are_named(write):
    path = write("broken.py", "def loss(:\n")
    with pytest.raises(CatalogError, match=r"broken.py must be valid Python: .*line 1"):
        catalog.signature("losses", f"{path}:loss")
    path = write("failing.py", "import no_such_module_at_all\ndef loss(): ...")
    with pytest.raises(CatalogError, match=r"must be importable .ModuleNotFoundError"):
        catalog.load("losses", f"{path}:loss")


def test_options_of_a_users_trainable(write):
    write("settings.py", "class Settings: ...")
    path = write("system.py", "class System:\n    OPTIONS = 'settings:Settings'\nclass Plain: ...")
    assert catalog.options_class(f"{path}:System").__name__ == "Settings"
    assert catalog.options_class(f"{path}:Plain") is None
    with pytest.raises(CatalogError, match="must define Sytem"):
        catalog.options_class(f"{path}:Sytem")
