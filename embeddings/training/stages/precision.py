"""Mixed precision: products in bfloat16 if the device has instructions for it, weights and sums in
float32."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

import torch


def is_mixed(device: str) -> bool:
    """Whether the device multiplies faster in bfloat16."""
    if torch.device(device).type == "cuda":
        return bool(torch.cuda.is_bf16_supported())
    return bool(torch.cpu._is_avx512_bf16_supported())


def mixed(device: str) -> AbstractContextManager[object]:
    """A context in which networks compute in mixed precision, if the device supports it."""
    kind = torch.device(device).type
    return torch.autocast(kind, torch.bfloat16) if is_mixed(device) else nullcontext()
