"""The discrepancy between two empirical characteristic functions, computed as the official implementation does."""

import torch
import torch.nn.functional as F


def discrepancy(real, synthetic, frequencies):
    """Mean over the frequencies [T, d] of sqrt(amplitude term / 2 + phase term / 2), between normalised features.

    The projection is computed anew for the cosines and for the sines of each side, four times in all. Where products are
    computed in bfloat16, what follows is still in single precision.
    """
    real_cos = torch.cos((frequencies @ real.t()).float()).mean(dim=1)
    real_sin = torch.sin((frequencies @ real.t()).float()).mean(dim=1)
    synthetic_cos = torch.cos((frequencies @ synthetic.t()).float()).mean(dim=1)
    synthetic_sin = torch.sin((frequencies @ synthetic.t()).float()).mean(dim=1)
    real_norm = torch.sqrt(real_cos**2 + real_sin**2)
    synthetic_norm = torch.sqrt(synthetic_cos**2 + synthetic_sin**2)
    amplitude = (real_norm - synthetic_norm) ** 2
    phase = 2 * (real_norm * synthetic_norm - real_cos * synthetic_cos - real_sin * synthetic_sin)
    return torch.sqrt(0.5 * amplitude + 0.5 * phase.clamp(min=1e-12)).mean()


def normalize_features(features):
    return F.normalize(features.float(), dim=1)
