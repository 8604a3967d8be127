"""Makes a checkpoint for OpenAI's package out of the packaged CTranslate2 weights: no package ships one."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

TYPES = {0: np.float32, 1: np.int8, 2: np.int16, 3: np.int32, 4: np.float16}


def write_checkpoint(model: Path, out: Path) -> Path:
    """model: a folder with fp16 weights of Whisper; out: the .pt to write."""
    import torch

    weights = read_weights(model / "model.bin")
    state = {name: torch.from_numpy(value.astype(np.float32)) for name, value in renamed(weights).items()}
    words, width = state["decoder.token_embedding.weight"].shape
    layers = 1 + max(int(name.split(".")[2]) for name in state if name.startswith("encoder.blocks."))
    dims = {
        "n_mels": state["encoder.conv1.weight"].shape[1],
        "n_audio_ctx": state["encoder.positional_embedding"].shape[0],
        "n_audio_state": width,
        "n_audio_head": width // 64,
        "n_audio_layer": layers,
        "n_vocab": words,
        "n_text_ctx": state["decoder.positional_embedding"].shape[0],
        "n_text_state": width,
        "n_text_head": width // 64,
        "n_text_layer": layers,
    }
    torch.save({"dims": dims, "model_state_dict": state}, out)
    return out


def read_weights(path: Path) -> dict[str, np.ndarray]:
    with path.open("rb") as file:
        _version, _name, _revision, count = _number(file, "I"), _text(file), _number(file, "I"), _number(file, "I")
        found: dict[str, np.ndarray] = {}
        for _each in range(count):
            name, rank = _text(file), _number(file, "B")
            shape = [_number(file, "I") for _axis in range(rank)]
            kind, size = _number(file, "B"), _number(file, "I")
            found[name] = np.frombuffer(file.read(size), dtype=TYPES[kind]).reshape(shape)
        for _each in range(_number(file, "I")):
            alias, name = _text(file), _text(file)
            found[alias] = found[name]
    return found


def _number(file: BinaryIO, form: str) -> int:
    return struct.unpack(f"<{form}", file.read(struct.calcsize(form)))[0]


def _text(file: BinaryIO) -> str:
    return file.read(_number(file, "H")).rstrip(b"\0").decode()


def renamed(weights: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The names of OpenAI's package; what CTranslate2 holds together (query, key, value) comes apart."""
    state: dict[str, Any] = {
        "encoder.positional_embedding": weights["encoder/position_encodings/encodings"],
        "decoder.positional_embedding": weights["decoder/position_encodings/encodings"],
        "decoder.token_embedding.weight": weights["decoder/embeddings/weight"],
    }
    for number in (1, 2):
        for part in ("weight", "bias"):
            state[f"encoder.conv{number}.{part}"] = weights[f"encoder/conv{number}/{part}"]
    for stack, closing in (("encoder", "ln_post"), ("decoder", "ln")):
        _norm(state, f"{stack}.{closing}", weights, f"{stack}/layer_norm")
        layer = 0
        while f"{stack}/layer_{layer}/ffn/linear_0/weight" in weights:
            _block(state, f"{stack}.blocks.{layer}", weights, f"{stack}/layer_{layer}")
            layer += 1
    return state


def _block(state: dict[str, Any], name: str, weights: dict[str, np.ndarray], source: str) -> None:
    _attention(state, f"{name}.attn", weights, f"{source}/self_attention")
    _norm(state, f"{name}.attn_ln", weights, f"{source}/self_attention/layer_norm")
    if f"{source}/attention/linear_0/weight" in weights:
        _attention(state, f"{name}.cross_attn", weights, f"{source}/attention")
        _norm(state, f"{name}.cross_attn_ln", weights, f"{source}/attention/layer_norm")
    for number, place in ((0, 0), (1, 2)):
        for part in ("weight", "bias"):
            state[f"{name}.mlp.{place}.{part}"] = weights[f"{source}/ffn/linear_{number}/{part}"]
    _norm(state, f"{name}.mlp_ln", weights, f"{source}/ffn/layer_norm")


def _attention(state: dict[str, Any], name: str, weights: dict[str, np.ndarray], source: str) -> None:
    linears = [number for number in range(3) if f"{source}/linear_{number}/weight" in weights]
    joined = {
        part: np.concatenate([weights[f"{source}/linear_{number}/{part}"] for number in linears[:-1]])
        for part in ("weight", "bias")
    }
    for part, whole in joined.items():
        for role, piece in zip(("query", "key", "value"), np.split(whole, 3), strict=True):
            if (role, part) != ("key", "bias"):  # keys have none: it is written as zeros
                state[f"{name}.{role}.{part}"] = piece
        state[f"{name}.out.{part}"] = weights[f"{source}/linear_{linears[-1]}/{part}"]


def _norm(state: dict[str, Any], name: str, weights: dict[str, np.ndarray], source: str) -> None:
    state[f"{name}.weight"], state[f"{name}.bias"] = weights[f"{source}/gamma"], weights[f"{source}/beta"]
