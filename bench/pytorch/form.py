"""The forms that the same computation can take in PyTorch."""

import contextlib
import re

import torch

FORMS = ("eager", "channels-last", "bf16", "compiled", "compiled-bf16")


class Form:
    """How networks run: as they are written; on channels-last tensors; in bfloat16 besides (autocast); compiled."""

    def __init__(self, name="eager"):
        if name not in FORMS:
            raise ValueError(f"form {name}: expected one of {', '.join(FORMS)}")
        self.channels_last = name != "eager"
        self.bfloat16 = name.endswith("bf16")
        self.compiled = name.startswith("compiled")

    def network(self, network):
        """The network, its features in this form."""
        if self.channels_last:
            network = network.to(memory_format=torch.channels_last)
        network.features = self.function(network.features)
        return network

    def function(self, function):
        if not self.compiled:
            return function
        # With ψ there are two backward passes through one graph.
        from torch._functorch import config

        config.donated_buffer = False
        return torch.compile(function, dynamic=False)

    def images(self, images):
        return images.contiguous(memory_format=torch.channels_last) if self.channels_last else images

    def precision(self):
        """Where networks and products are computed."""
        return torch.autocast(torch.empty(0).device.type, dtype=torch.bfloat16) if self.bfloat16 else contextlib.nullcontext()


def describe(job):
    """This PyTorch: its version, the library and instructions of its kernels, and the forms that it has."""
    config = torch.__config__.show()
    blas = re.search(r"BLAS_INFO=(\w+)", config)
    onednn = re.search(r"MKL-DNN v([\d.]+)", config)
    return {
        "blas": blas.group(1) if blas else "unknown",
        "oneDnn": onednn.group(1) if onednn else None,
        "instructions": torch.backends.cpu.get_cpu_capability() if hasattr(torch.backends, "cpu") else capability(config),
        "forms": [name for name in FORMS if hasattr(torch, "compile") or not name.startswith("compiled")],
    }


def capability(config):
    found = re.search(r"CPU capability usage: (\w+)", config)
    return found.group(1) if found else "unknown"
