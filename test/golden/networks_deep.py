"""Networks with shortcuts, written from their papers' descriptions."""

import torch
import torch.nn.functional as F
from networks_plain import ACTIVATIONS, Sized, norm_of
from torch import nn


class Residual(nn.Module):
    """A block of ResNet; `averaged` ones pool by averages instead of striding."""

    def __init__(self, sized, planes, stride, bottleneck, norm, activation, averaged):
        super().__init__()
        self.act = ACTIVATIONS[activation]
        bias = norm == "none"
        outputs = planes * 4 if bottleneck else planes
        plan = [(1, planes, 1), (3, planes, stride), (1, outputs, 1)] if bottleneck else [(3, planes, stride), (3, planes, 1)]
        inputs, before = sized.shape[0], sized.x
        self.count, self.pools = len(plan), []
        for i, (kernel, channels, step) in enumerate(plan, 1):
            conv = nn.Conv2d(sized.shape[0], channels, kernel, 1 if averaged else step, kernel // 2, bias=bias)
            setattr(self, f"conv{i}", sized.go(conv))
            setattr(self, f"bn{i}", norm_of(norm, *sized.shape))
            self.pools.append(step if averaged and step > 1 and min(sized.shape[1:]) >= step else 1)
            sized.go(lambda x: F.avg_pool2d(x, self.pools[-1]))
        self.downsample = None
        if stride > 1 or inputs != outputs:
            conv = nn.Conv2d(inputs, outputs, 1, 1 if averaged else stride, bias=bias)
            parts = [conv, nn.AvgPool2d(max(self.pools))] if averaged else [conv]
            shape = nn.Sequential(*parts)(before).shape[1:]
            self.downsample = nn.Sequential(*parts, norm_of(norm, *shape))

    def forward(self, x):
        out = x
        for i in range(1, self.count + 1):
            out = getattr(self, f"bn{i}")(getattr(self, f"conv{i}")(out))
            if i < self.count:
                out = F.avg_pool2d(self.act(out), self.pools[i - 1])
        return self.act(out + (self.downsample(x) if self.downsample else x))


class ResNet(nn.Module):
    BLOCKS = {10: (1, 1, 1, 1), 18: (2, 2, 2, 2), 34: (3, 4, 6, 3), 50: (3, 4, 6, 3)}

    def __init__(self, shape, classes, depth=18, width=64, norm="instance", activation="relu", stem=None, averaged=False):
        super().__init__()
        self.act = ACTIVATIONS[activation]
        side, sized = max(shape[1:]), Sized(shape)
        stem = stem or ("cifar" if side <= 64 else "middle" if side <= 128 else "imagenet")
        kernel, stride = (7, 1 if averaged else 2) if stem == "imagenet" else (3, 1)
        self.conv1 = sized.go(nn.Conv2d(shape[0], width, kernel, stride, kernel // 2, bias=norm == "none"))
        self.bn1 = norm_of(norm, *sized.shape)
        if stem == "cifar":
            self.first_pool = nn.Identity()
        elif averaged:
            self.first_pool = nn.AvgPool2d(4 if stem == "imagenet" else 2)
        else:
            self.first_pool = nn.MaxPool2d(3, 2, 1)
        sized.go(self.first_pool)
        for i, count in enumerate(self.BLOCKS[depth]):
            blocks = [
                Residual(sized, width * 2**i, 2 if i > 0 and j == 0 else 1, depth >= 50, norm, activation, averaged)
                for j in range(count)
            ]
            setattr(self, f"layer{i + 1}", nn.Sequential(*blocks))
        self.fc = nn.Linear(sized.shape[0], classes)

    def forward(self, x):
        x = self.first_pool(self.act(self.bn1(self.conv1(x))))
        for i in range(1, 5):
            x = getattr(self, f"layer{i}")(x)
        return self.fc(x.mean((2, 3)))


class ResNetAp(ResNet):
    def __init__(self, *arguments, **options):
        super().__init__(*arguments, averaged=True, **options)


class DenseLayer(nn.Module):
    def __init__(self, sized, growth, norm, act):
        super().__init__()
        channels, height, width = sized.shape
        self.act = act
        self.bn1 = norm_of(norm, channels, height, width)
        self.conv1 = nn.Conv2d(channels, 4 * growth, 1, bias=False)
        self.bn2 = norm_of(norm, 4 * growth, height, width)
        self.conv2 = nn.Conv2d(4 * growth, growth, 3, padding=1, bias=False)
        sized.x = torch.zeros(1, channels + growth, height, width)

    def forward(self, x):
        return torch.cat([self.conv2(self.act(self.bn2(self.conv1(self.act(self.bn1(x)))))), x], 1)


class Transition(nn.Module):
    def __init__(self, sized, norm, act):
        super().__init__()
        self.act = act
        self.bn = norm_of(norm, *sized.shape)
        self.conv = sized.go(nn.Conv2d(sized.shape[0], sized.shape[0] // 2, 1, bias=False))
        self.size = 2 if min(sized.shape[1:]) > 1 else 1
        sized.go(lambda x: F.avg_pool2d(x, self.size))

    def forward(self, x):
        return F.avg_pool2d(self.conv(self.act(self.bn(x))), self.size)


class DenseNet(nn.Module):
    def __init__(self, shape, classes, width=12, norm="batch", activation="relu"):
        super().__init__()
        self.act, sized = ACTIVATIONS[activation], Sized(shape)
        self.conv1 = sized.go(nn.Conv2d(shape[0], 2 * width, 3, padding=1, bias=False))
        for i, count in enumerate((6, 12, 24, 16), 1):
            setattr(self, f"dense{i}", nn.Sequential(*[DenseLayer(sized, width, norm, self.act) for _ in range(count)]))
            if i < 4:
                setattr(self, f"trans{i}", Transition(sized, norm, self.act))
        self.bn = norm_of(norm, *sized.shape)
        self.linear = nn.Linear(sized.shape[0], classes)

    def forward(self, x):
        x = self.conv1(x)
        for i in range(1, 5):
            x = getattr(self, f"dense{i}")(x)
            if i < 4:
                x = getattr(self, f"trans{i}")(x)
        return self.linear(self.act(self.bn(x)).mean((2, 3)))


class PixelNorm(nn.LayerNorm):
    def forward(self, x):
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class ConvNextBlock(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.dwconv = nn.Conv2d(channels, channels, 7, padding=3, groups=channels)
        self.norm = nn.LayerNorm(channels, eps=1e-6)
        self.pwconv1 = nn.Linear(channels, 4 * channels)
        self.pwconv2 = nn.Linear(4 * channels, channels)
        self.gamma = nn.Parameter(torch.zeros(channels))

    def forward(self, x):
        inner = self.norm(self.dwconv(x).permute(0, 2, 3, 1))
        inner = self.gamma * self.pwconv2(F.gelu(self.pwconv1(inner)))
        return x + inner.permute(0, 3, 1, 2)


class ConvNext(nn.Module):
    def __init__(self, shape, classes, depth=2, width=64):
        super().__init__()
        side = 2 if max(shape[1:]) <= 64 else 4
        channels = [width, 2 * width, 4 * width]
        stem = nn.Sequential(nn.Conv2d(shape[0], width, side, side), PixelNorm(width, eps=1e-6))
        halvings = [nn.Sequential(PixelNorm(a, eps=1e-6), nn.Conv2d(a, b, 2, 2)) for a, b in zip(channels, channels[1:])]
        self.downsample_layers = nn.ModuleList([stem, *halvings])
        self.stages = nn.ModuleList([nn.Sequential(*[ConvNextBlock(c) for _ in range(depth)]) for c in channels])
        self.norm = nn.LayerNorm(channels[-1], eps=1e-6)
        self.head = nn.Linear(channels[-1], classes)

    def forward(self, x):
        for reduce, stage in zip(self.downsample_layers, self.stages):
            x = stage(reduce(x))
        return self.head(self.norm(x.mean((2, 3))))
