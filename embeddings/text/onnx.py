"""Networks for onnxruntime. They are exported from the loaded weights, including tuned ones, on
first use, and cached under a hash of the files from which they were loaded. A later process loads
neither the weights nor transformers' models, which would take most of its start."""

from __future__ import annotations

import hashlib
import logging
import os
import tempfile
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from embeddings.extras import require
from embeddings.text import cache
from embeddings.text.batching import TOKENS_ON_A_CPU, Budget
from embeddings.text.settings import EncoderUnavailable, ModelSettings, Runtime
from embeddings.text.weights import linear_layers

if TYPE_CHECKING:
    from embeddings.text.torch_network import TorchNetwork

NAMES = ("input_ids", "attention_mask")
OPSET = 17
FLOAT32 = 1  # in ONNX's enumeration of types
# Version of the export below. Files of another version are ignored, and their vectors differ.
EXPORT_VERSION = 2
# A layer stays in float32 if the relative error of its outputs with 8 bits is larger than this.
# That happens where some inputs are far larger than all others, as in the later layers of MPNet
# (0.5 to 0.8; at most 0.17 in MiniLM). Random tokens show it as well as texts do.
COARSEST = 0.3
PROBE = (8, 64)


class OnnxNetwork:
    """An exported network, run on all cores. `fingerprint` is that of its weights, `width` that of
    its states, and `positions` the most tokens of a text, 0 if unknown."""

    def __init__(self, path: Path) -> None:
        onnxruntime = _silent("onnxruntime")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = torch.get_num_threads()
        self._session = onnxruntime.InferenceSession(path, options)
        facts = self._session.get_modelmeta().custom_metadata_map
        self.fingerprint = str(facts["fingerprint"])
        self.width, self.positions = int(facts["width"]), int(facts["positions"])
        self.budget = Budget(TOKENS_ON_A_CPU)

    def states(self, _: Sequence[Sequence[int]], ids: Tensor, mask: Tensor) -> Tensor:
        """(n, tokens) → (n, tokens, d)."""
        given = dict(zip(NAMES, (ids.numpy(), mask.numpy()), strict=True))
        return torch.from_numpy(self._session.run(None, given)[0])


def export_path(files: Iterable[Path], settings: ModelSettings, device: str) -> Path:
    """The path of the exported network for the settings' runtime, by the content of the files from
    which it is loaded. Raises EncoderUnavailable."""
    require(("onnxruntime", "onnx"), f"The runtime {settings.runtime}", "onnx")
    if torch.device(device).type != "cpu":
        raise EncoderUnavailable(f"The runtime {settings.runtime} needs the device cpu.")
    digest = hashlib.sha256(f"{settings.dtype} {settings.layers}".encode())
    for path in sorted(files):
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return cache.folder() / f"{digest.hexdigest()[:32]}-{settings.runtime}-{EXPORT_VERSION}.onnx"


def export(network: TorchNetwork, fingerprint: str, runtime: Runtime, path: Path) -> None:
    """Writes the file atomically, since other processes may write or read it."""
    facts = {
        "fingerprint": fingerprint,
        "width": str(network.width),
        "positions": str(network.positions),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent) as scratch:
        written = Path(scratch, "network.onnx")
        _write(network.module, written)
        if runtime is Runtime.ONNX_INT8:
            written = _quantise(written, _sensitive_layers(network.module))
        _describe(written, facts)
        written.rename(path)


def _describe(path: Path, facts: dict[str, str]) -> None:
    onnx = import_module("onnx")
    model = onnx.load(path)
    onnx.helper.set_model_props(model, facts)
    onnx.save(model, path)


def _write(network: Any, path: Path) -> None:
    ids = torch.ones(2, 3, dtype=torch.long)
    with warnings.catch_warnings(), _plain_attention(network), torch.no_grad():
        # Tracing warns of every shape that it considers constant: those of masks, unused here.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            _States(network).eval(),
            (ids, ids),
            path,
            input_names=list(NAMES),
            output_names=["states"],
            dynamic_axes={name: {0: "texts", 1: "tokens"} for name in (*NAMES, "states")},
            opset_version=OPSET,
            dynamo=False,
        )


@contextmanager
def _plain_attention(network: Any) -> Iterator[None]:
    """Attention in the form that onnxruntime recognises and fuses into one operation."""
    before = network.config._attn_implementation
    network.set_attn_implementation("eager")
    try:
        yield
    finally:
        network.set_attn_implementation(before)


@torch.no_grad()
def _sensitive_layers(network: Any) -> set[str]:
    """The names of the layers that lose too much precision with 8 bits."""
    errors: dict[str, float] = {}

    def watch(name: str) -> Callable[[nn.Linear, tuple[Tensor], Tensor], None]:
        def look(layer: nn.Linear, inputs: tuple[Tensor], _: Tensor) -> None:
            errors[name] = _rounding_error(inputs[0].flatten(0, -2), layer.weight)

        return look

    layers = linear_layers(network)
    hooks = [layer.register_forward_hook(watch(name)) for name, layer in layers.items()]
    words = network.get_input_embeddings().num_embeddings
    ids = torch.randint(words, PROBE, generator=torch.Generator().manual_seed(0))
    network(input_ids=ids, attention_mask=torch.ones_like(ids))
    for hook in hooks:
        hook.remove()
    return {name for name, error in errors.items() if error > COARSEST}


def _rounding_error(inputs: Tensor, weight: Tensor) -> float:
    """The mean relative error of the products of (n, in) inputs with (out, in) weights when all
    inputs are rounded to 256 steps with a common scale."""
    step = (inputs.amax() - inputs.amin()) / 255
    exact = inputs @ weight.T
    rounded = (inputs / step).round() * step @ weight.T
    return float(((rounded - exact).norm(dim=1) / exact.norm(dim=1)).mean())


def _silent(module: str) -> Any:
    """A module of onnxruntime, which otherwise reports each process that computes with it to
    Microsoft. Its function `disable_telemetry_events` does not prevent that."""
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    return import_module(module)


def _quantise(path: Path, sensitive: Set[str]) -> Path:
    """Quantises weights to 8 bits, scaled by columns; inputs are quantised dynamically. The layers
    in `sensitive` stay as they are."""
    quantization = _silent("onnxruntime.quantization")
    graph = import_module("onnx").load(path, load_external_data=False).graph
    quantised = path.with_name("quantised.onnx")
    with _root_logger_silent():
        quantization.quantize_dynamic(
            path,
            quantised,
            per_channel=True,
            op_types_to_quantize=["MatMul"],
            nodes_to_exclude=[node.name for node in graph.node if _layer(node.name) in sensitive],
            extra_options={"DefaultTensorType": FLOAT32},
        )
    return quantised


def _layer(node: str) -> str:
    """A layer's name from its node's name, such as `/_network/encoder/layer.0/dense/MatMul`."""
    return node.removeprefix("/_network/").removesuffix("/MatMul").replace("/", ".")


@contextmanager
def _root_logger_silent() -> Iterator[None]:
    """The quantisation logs every product that it skips, to the root logger."""
    root = logging.getLogger()
    before, root.disabled = root.disabled, True
    try:
        yield
    finally:
        root.disabled = before


class _States(nn.Module):
    """The network with its last hidden states as the only output."""

    def __init__(self, network: Any) -> None:
        super().__init__()
        self._network = network

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        states: Tensor = self._network(input_ids=ids, attention_mask=mask).last_hidden_state
        return states
