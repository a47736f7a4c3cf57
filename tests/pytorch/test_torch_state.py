"""State dicts, copies and modes of converted models: the same bits go on."""

import copy
import io
import pickle

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

import neurorebit as nr  # noqa: E402
import neurorebit.torch as nrt  # noqa: E402
from neurorebit.schemes.table import SCHEMES  # noqa: E402

TRAINED = [name for name, scheme in SCHEMES.items() if scheme.trains and not scheme.refuses]
SMALL = {"calibration_steps": 2}


def module():
    return nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1, groups=1),
        nn.BatchNorm2d(4),
        nn.ReLU(),
        nn.Conv2d(4, 4, 3, groups=4),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(16, 3),
    )


def data():
    generator = torch.Generator().manual_seed(5)
    return torch.rand(8, 1, 4, 4, generator=generator), torch.arange(8) % 3


def chip_of(word):
    return nr.chip(SCHEMES[word].architecture).set("architecture.scheme", word)


def converted(word, made=None):
    analog = nrt.convert(made or module(), chip_of(word), training=SMALL, threads=1)
    real = word in ("real", "quantized", "hybrid", "reram_mapped")
    learn = torch.optim.Adam(analog.parameters(), 0.01) if real else nrt.optimiser(analog, 0.05)
    if real:
        analog.follow(learn)
    return analog, learn


def steps(analog, learn, count):
    x, y = data()
    for _ in range(count):
        learn.zero_grad()
        loss = nn.functional.cross_entropy(analog(x), y)
        loss.backward()
        learn.step()
    return float(loss.detach())


def entries(analog):
    return {key: value.clone() for key, value in analog.state_dict().items()}


def equal(one, other):
    assert one.keys() == other.keys()
    for key, value in one.items():
        assert torch.equal(value, other[key]), key


@pytest.mark.parametrize("word", TRAINED)
def test_a_resumed_loop_goes_on_with_the_same_bits(word):
    """Through a file that holds tensors alone, into a model of other weights."""
    made = module()
    analog, learn = converted(word, made)
    steps(analog, learn, 2)
    file = io.BytesIO()
    torch.save({"model": analog.state_dict(), "optimiser": learn.state_dict()}, file)
    wanted = steps(analog, learn, 2)
    file.seek(0)
    kept = torch.load(file, weights_only=True)
    assert all(isinstance(value, torch.Tensor) for value in kept["model"].values())
    other, again = converted(word)
    other.load_state_dict(kept["model"])
    again.load_state_dict(kept["optimiser"])
    assert steps(other, again, 2) == wanted
    equal(entries(other), entries(analog))


@pytest.mark.parametrize("word", ["hybrid", "mixed_precision"])
@pytest.mark.parametrize("copied", [copy.deepcopy, lambda a: pickle.loads(pickle.dumps(a))])
def test_a_copy_goes_its_own_way_from_the_same_bits(word, copied):
    analog, learn = converted(word)
    steps(analog, learn, 1)
    other = copied(analog)
    assert type(other) is type(analog)
    equal(entries(other), entries(analog))
    before = entries(analog)
    with torch.no_grad():
        assert torch.equal(other.eval()(data()[0]), copy.deepcopy(analog).eval()(data()[0]))
    other.train()
    again = nrt.optimiser(other, 0.05)
    steps(other, again, 1)
    equal(entries(analog), before)
    assert not torch.equal(other[0].weight, analog[0].weight)


def test_a_state_of_another_chip_is_refused_and_says_why():
    analog, learn = converted("hybrid")
    steps(analog, learn, 1)
    other, _ = converted("reram")
    with pytest.raises(nr.InputError, match="the state is of another chip, scheme or version"):
        other.load_state_dict(analog.state_dict())


def test_plain_weights_that_are_loaded_must_reach_the_cells():
    analog, learn = converted("hybrid")
    steps(analog, learn, 1)
    plain = module().state_dict()
    analog.load_state_dict(plain)
    with pytest.raises(nr.InputError, match=r"cells did not follow; call analog.sync\(\)"):
        analog(data()[0])
    analog.sync()
    assert torch.equal(analog[0].weight, plain["0.weight"])
    analog(data()[0])


def test_eval_counts_nothing_and_changes_nothing():
    analog, learn = converted("hybrid")
    steps(analog, learn, 1)
    held = [matrix.held for matrix in analog.array_matrices]
    before = [
        (layer.seen.steps, layer.encoder.clip, layer.weights.written.updates) for layer in held
    ]
    analog.eval()
    x = data()[0].requires_grad_()
    analog(x).sum().backward()  # gradients are there, as in any module
    assert float(x.grad.abs().sum()) > 0.0
    assert before == [
        (layer.seen.steps, layer.encoder.clip, layer.weights.written.updates) for layer in held
    ]


def test_frozen_layers_send_errors_back_and_keep_their_cells():
    made = module()
    made[3].requires_grad_(False)
    analog, learn = converted("hybrid", made)
    steps(analog, learn, 1)
    first, frozen, last = analog.array_matrices
    cells = frozen.held.weights.analog.copy()
    steps(analog, learn, 2)
    assert (cells == frozen.held.weights.analog).all()
    assert frozen.site.frozen
    assert frozen.held.weights.written.updates == 0
    assert first.held.weights.written.updates == last.held.weights.written.updates == 3


class Tied(nn.Module):
    """An embedding and the layer of scores have one weight."""

    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(6, 4)
        self.inner = nn.Linear(4, 4)
        self.head = nn.Linear(4, 6, bias=False)
        self.head.weight = self.table.weight

    def forward(self, words):
        return self.head(torch.relu(self.inner(self.table(words))))


def test_an_embedding_may_share_real_weights_with_an_array():
    analog = nrt.convert(Tied(), "rebit", "hybrid", threads=1)
    assert analog.head.weight is analog.table.weight
    learn = torch.optim.SGD(analog.parameters(), 0.1)
    words = torch.tensor([[0, 1, 2], [3, 4, 5]])
    for _ in range(2):
        learn.zero_grad()
        nn.functional.cross_entropy(analog(words).flatten(0, 1), words.flatten()).backward()
        learn.step()
        analog.sync()
    real = analog.array_layers["head"].matrix.held.weights.real
    assert (analog.table.weight.detach().numpy() == real[0].T).all()
    other = copy.deepcopy(analog)
    assert other.head.weight is other.table.weight
    with pytest.raises(nr.InputError, match="shares its weights with 'table'"):
        nrt.convert(Tied(), "reram", "reram")


def test_layers_with_one_weight_have_one_array():
    made = nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 4))
    made[2].weight = made[0].weight
    for word in ("hybrid", "reram"):
        analog, learn = converted(word, made)
        for _ in range(2):
            learn.zero_grad()
            analog(torch.rand(3, 4)).square().sum().backward()
            learn.step()
        one, other = analog.array_matrices
        assert one.held.weights is other.held.weights
        assert one.held.weights.written.updates == 2
        again = copy.deepcopy(analog)
        again(torch.rand(3, 4)) if word == "hybrid" else again.eval()(torch.rand(3, 4))
        one, other = again.array_matrices
        assert one.held.weights is other.held.weights


def test_a_module_that_is_used_twice_learns_once_from_both():
    class Twice(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = nn.Linear(4, 4)

        def forward(self, x):
            return self.inner(torch.relu(self.inner(x)))

    for word in ("hybrid", "reram", "tiki_taka"):
        analog, learn = converted(word, Twice())
        analog(torch.rand(3, 4)).square().sum().backward()
        before = analog.inner.weight.detach().clone()
        learn.step()
        assert not torch.equal(before, analog.inner.weight)
        updates = analog.array_matrices[0].held.weights.written.updates
        assert updates == (2 if word == "tiki_taka" else 1)  # which learns vector by vector
