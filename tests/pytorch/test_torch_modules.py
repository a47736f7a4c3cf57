"""Layers with weights in software against PyTorch's own: the same numbers, forward and backward."""

import copy

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

import neurorebit as nr  # noqa: E402
import neurorebit.torch as nrt  # noqa: E402
from neurorebit.torch.modules import ArrayModule  # noqa: E402


def exact(module, **options):
    """The layer with real weights, which neither rounds nor converts."""
    return nrt.convert(module.double(), "rebit", "real", threads=1, **options)


def same(module, analog, *inputs, pick=lambda out: out, **keys):
    """Outputs, and gradients of inputs and of parameters as sums over all of them."""
    results = []
    for one in (module, analog):
        one.zero_grad()
        given = [x.clone().requires_grad_() for x in inputs]
        out = pick(one(*given, **keys))
        (out * torch.linspace(-1, 1, out.numel(), dtype=out.dtype).view_as(out)).sum().backward()
        gradients = [x.grad for x in given]
        sums = [
            sum(p.grad.sum() for p in one.parameters()),
            sum(p.grad.norm() ** 2 for p in one.parameters()),
        ]
        results.append([out, *gradients, *sums])
    for ours, theirs in zip(*results, strict=True):
        torch.testing.assert_close(theirs, ours, rtol=1e-9, atol=1e-10)


CONVOLUTIONS = {
    "plain": lambda: nn.Conv2d(3, 4, 3),
    "strides": lambda: nn.Conv2d(3, 4, (3, 2), stride=(2, 1), padding=(1, 0)),
    "dilated": lambda: nn.Conv2d(3, 4, 3, dilation=2, padding=2, bias=False),
    "groups": lambda: nn.Conv2d(4, 6, 3, groups=2, padding=1),
    "depthwise": lambda: nn.Conv2d(4, 4, 3, groups=4, padding=1),
    "pixel": lambda: nn.Conv2d(3, 5, 1),
    "same": lambda: nn.Conv2d(3, 4, 4, padding="same"),
    "reflected": lambda: nn.Conv2d(3, 4, 3, padding=1, padding_mode="reflect"),
}


@pytest.mark.filterwarnings("ignore:Using padding='same':UserWarning")  # of PyTorch, of its copy
@pytest.mark.parametrize("kind", CONVOLUTIONS)
def test_convolutions(kind):
    module = CONVOLUTIONS[kind]()
    x = torch.randn(3, module.in_channels, 7, 9, dtype=torch.float64)
    analog = exact(module)
    assert isinstance(analog, nn.Conv2d)
    same(module, analog, x)
    same(module, analog, x[0])
    same(module, analog, torch.randn(2, module.in_channels, 5, 6, dtype=torch.float64))


@pytest.mark.parametrize("options", [{}, {"stride": 2, "padding": 1}, {"padding": "same"}])
def test_signals(options):
    module = nn.Conv1d(3, 4, 3, **options)
    analog = exact(module)
    same(module, analog, torch.randn(2, 3, 8, dtype=torch.float64))
    same(module, analog, torch.randn(3, 8, dtype=torch.float64))


@pytest.mark.parametrize("sizes", [(5,), (4, 5), (2, 3, 5), (2, 3, 4, 5), (2, 2, 2, 3, 5)])
def test_linear_layers_of_any_number_of_axes(sizes):
    module = nn.Linear(5, 3)
    same(module, exact(module), torch.randn(*sizes, dtype=torch.float64))


MASK = torch.triu(torch.ones(4, 4, dtype=torch.bool), 1)


@pytest.mark.parametrize(
    "keys",
    [
        {},
        {"attn_mask": MASK},
        {"attn_mask": MASK, "need_weights": False},
        {"key_padding_mask": torch.tensor([[False, False, False, True], [False] * 4])},
        {"attn_mask": torch.zeros(4, 4, dtype=torch.float64).masked_fill(MASK, -5.0)},
    ],
)
@pytest.mark.parametrize("first", [True, False])
def test_attention(keys, first):
    module = nn.MultiheadAttention(6, 2, batch_first=first)
    nn.init.normal_(module.in_proj_bias)
    analog = exact(module)
    assert sum(isinstance(part, ArrayModule) for part in analog.modules()) == 4
    q, k, v = (torch.randn(2, 4, 6, dtype=torch.float64) for _ in range(3))
    if not first:
        q, k, v = (x.transpose(0, 1) for x in (q, k, v))
    results = []
    for one in (module, analog):
        given = [x.clone().requires_grad_() for x in (q, k, v)]
        out, shares = one(*given, **keys)
        out.square().sum().backward()
        results.append([out, *([] if shares is None else [shares]), *[x.grad for x in given]])
    assert len(results[0]) == len(results[1])
    for ours, theirs in zip(*results, strict=True):
        torch.testing.assert_close(theirs, ours, rtol=1e-9, atol=1e-10)


def test_attention_of_other_sizes_and_without_a_batch():
    module = nn.MultiheadAttention(6, 3, kdim=4, vdim=5, bias=False)
    inputs = [torch.randn(3, n, dtype=torch.float64) for n in (6, 4, 5)]
    for average in (True, False):
        same(module, exact(module), *inputs, pick=lambda o: o[0], average_attn_weights=average)


def test_an_encoder_of_pytorch_uses_its_arrays_where_nothing_learns_too():
    """Its fused form would leave all layers out."""
    layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True, dropout=0.0)
    module = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
    x = torch.randn(2, 5, 8)
    analog = nrt.convert(module, "rebit", "hybrid", signed=True, threads=1).eval()
    with torch.no_grad():
        found, plain = analog(x), module.eval()(x)
    assert all(matrix.built for matrix in analog.array_matrices)
    assert len(analog.array_matrices) == 12
    assert 1e-4 < float((found - plain).abs().mean()) < 1.0  # arrays are not exact


RECURRENT = {
    "lstm": (nn.LSTM, {}),
    "deep": (nn.LSTM, {"num_layers": 2, "bidirectional": True, "batch_first": True}),
    "gru": (nn.GRU, {"bias": False}),
    "deep gru": (nn.GRU, {"num_layers": 2, "bidirectional": True}),
}


@pytest.mark.parametrize("kind", RECURRENT)
def test_recurrent_modules(kind):
    made, options = RECURRENT[kind]
    module = made(3, 4, **options)
    analog = exact(module)
    x = torch.randn(2, 5, 3, dtype=torch.float64)
    same(module, analog, x, pick=lambda out: out[0])

    def last(out):
        return out[1][1] if isinstance(out[1], tuple) else out[1]

    same(module, analog, x, pick=last)
    same(module, analog, x[0], pick=lambda out: out[0])
    start = torch.randn_like(module(x)[1][0] if made is nn.LSTM else module(x)[1])
    held = (start, start.flip(0)) if made is nn.LSTM else start
    torch.testing.assert_close(analog(x, held)[0], module(x, held)[0])


def test_weights_stay_as_they_were_and_the_model_is_left_alone():
    module = nn.Sequential(nn.Conv2d(2, 3, 3), nn.Flatten(), nn.Linear(3, 2))
    before = copy.deepcopy(module.state_dict())
    analog = nrt.convert(module, "rebit", "hybrid", threads=1)
    analog(torch.rand(2, 2, 3, 3))
    assert type(module[0]) is nn.Conv2d
    for key, value in before.items():
        assert torch.equal(module.state_dict()[key], value)
        assert torch.equal(analog.state_dict()[key], value)
    assert isinstance(analog, nn.Sequential)
    assert isinstance(analog[0], nn.Conv2d)


@pytest.mark.parametrize(
    ("module", "message"),
    [
        (nn.MultiheadAttention(4, 2, add_bias_kv=True), "add_bias_kv"),
        (nn.LSTM(3, 4, proj_size=2), "proj_size"),
        (nn.ReLU(), "no layer of the model can stand in arrays"),
        (nn.Linear(3, 2).half(), "weights of torch.float16"),
        (nn.utils.parametrizations.weight_norm(nn.Linear(3, 2)), "its weights are computed"),
    ],
)
def test_what_cannot_be_converted_is_refused(module, message):
    with pytest.raises(nr.InputError, match=message) as problem:
        nrt.convert(module, "rebit", "hybrid")
    assert problem.value.cure


def test_what_is_kept_stays_pytorchs():
    module = nn.Sequential(nn.Linear(4, 4), nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 2)))
    analog = nrt.convert(module, "rebit", "hybrid", keep=("1.*",), threads=1)
    assert list(analog.array_layers) == ["0"]
    assert type(analog[1][0]) is nn.Linear
    with pytest.raises(nr.InputError, match="no such module"):
        nrt.convert(module, "rebit", "hybrid", keep=("head",))
