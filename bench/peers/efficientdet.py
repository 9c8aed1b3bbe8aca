"""EfficientDet-D0 (arXiv 1911.09070) in plain PyTorch, and its training step.

Names and shapes are those of effdet and timm, so that weights cross by name: what is not alike is refused.
Convolutions in front of batch norms have no bias; padding is k/2 on every side.
"""
import torch
import torch.nn as nn
import torch.nn.functional as F

# repeats, kernel, stride, expansion, channels
STAGES = [
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
]
ENDPOINTS = (2, 4, 6)
STEM, PYRAMID, CELLS, HEAD_REPEATS, LEVELS, ANCHORS = 32, 64, 3, 3, 5, 9


def pointwise(inputs, outputs, bias=False):
    return nn.Conv2d(inputs, outputs, 1, bias=bias)


def depthwise(channels, kernel, stride=1):
    return nn.Conv2d(channels, channels, kernel, stride, kernel // 2, groups=channels, bias=False)


def pyramid_norm(channels=PYRAMID):
    return nn.BatchNorm2d(channels, eps=1e-3, momentum=0.01)


class SqueezeExcite(nn.Module):
    def __init__(self, channels, squeezed):
        super().__init__()
        self.conv_reduce = pointwise(channels, squeezed, bias=True)
        self.conv_expand = pointwise(squeezed, channels, bias=True)

    def forward(self, x):
        mean = x.mean((2, 3), keepdim=True)
        return x * torch.sigmoid(self.conv_expand(F.silu(self.conv_reduce(mean))))


class DepthwiseSeparable(nn.Module):
    def __init__(self, inputs, outputs, kernel, stride):
        super().__init__()
        self.conv_dw, self.bn1 = depthwise(inputs, kernel, stride), nn.BatchNorm2d(inputs)
        self.se = SqueezeExcite(inputs, round(inputs * 0.25))
        self.conv_pw, self.bn2 = pointwise(inputs, outputs), nn.BatchNorm2d(outputs)

    def forward(self, x):
        y = self.se(F.silu(self.bn1(self.conv_dw(x))))
        return self.bn2(self.conv_pw(y))


class InvertedResidual(nn.Module):
    def __init__(self, inputs, outputs, kernel, stride, expansion):
        super().__init__()
        expanded = inputs * expansion
        self.conv_pw, self.bn1 = pointwise(inputs, expanded), nn.BatchNorm2d(expanded)
        self.conv_dw, self.bn2 = depthwise(expanded, kernel, stride), nn.BatchNorm2d(expanded)
        self.se = SqueezeExcite(expanded, round(inputs * 0.25))
        self.conv_pwl, self.bn3 = pointwise(expanded, outputs), nn.BatchNorm2d(outputs)
        self.residual = stride == 1 and inputs == outputs

    def forward(self, x):
        y = F.silu(self.bn1(self.conv_pw(x)))
        y = self.se(F.silu(self.bn2(self.conv_dw(y))))
        y = self.bn3(self.conv_pwl(y))
        return x + y if self.residual else y


class Backbone(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv_stem = nn.Conv2d(channels, STEM, 3, 2, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(STEM)
        self.blocks = nn.ModuleList()
        inputs = STEM
        for repeats, kernel, stride, expansion, outputs in STAGES:
            stage = nn.ModuleList()
            for repeat in range(repeats):
                moved = stride if repeat == 0 else 1
                if expansion == 1:
                    stage.append(DepthwiseSeparable(inputs, outputs, kernel, moved))
                else:
                    stage.append(InvertedResidual(inputs, outputs, kernel, moved, expansion))
                inputs = outputs
            self.blocks.append(stage)

    def forward(self, x):
        x = F.silu(self.bn1(self.conv_stem(x)))
        endpoints = []
        for index, stage in enumerate(self.blocks):
            for block in stage:
                x = block(x)
            if index in ENDPOINTS:
                endpoints.append(x)
        return endpoints


class ConvNorm(nn.Module):
    """1x1 convolution and batch norm, named as effdet names them."""

    def __init__(self, inputs):
        super().__init__()
        self.conv = nn.Module()
        self.conv.conv, self.conv.bn = pointwise(inputs, PYRAMID), pyramid_norm()

    def forward(self, x):
        return self.conv.bn(self.conv.conv(x))


class Separable(nn.Module):
    def __init__(self, inputs, outputs, bias):
        super().__init__()
        self.conv_dw, self.conv_pw = depthwise(inputs, 3), pointwise(inputs, outputs, bias)

    def forward(self, x):
        return self.conv_pw(self.conv_dw(x))


def resample(x, size):
    if x.shape[2:] == size:
        return x
    return F.interpolate(x, size, mode="nearest") if x.shape[2] < size[0] else F.max_pool2d(x, 3, 2, 1)


class Node(nn.Module):
    """Fast-normalised fusion of its sources, swish, separable convolution, batch norm."""

    def __init__(self, level, sources, widths):
        super().__init__()
        self.level, self.sources = level, sources
        self.combine = nn.Module()
        self.combine.edge_weights = nn.Parameter(torch.ones(len(sources)))
        self.combine.resample = nn.ModuleDict(
            {str(source): ConvNorm(widths[source]) for source in sources if widths[source] != PYRAMID}
        )
        self.after_combine = nn.Module()
        self.after_combine.conv = Separable(PYRAMID, PYRAMID, bias=False)
        self.after_combine.conv.bn = pyramid_norm()

    def forward(self, maps):
        laterals = self.combine.resample
        size = maps[self.level].shape[2:]
        weights = F.relu(self.combine.edge_weights)
        factors = weights / (weights.sum() + 1e-4)
        total = 0
        for factor, source in zip(factors, self.sources):
            x = laterals[str(source)](maps[source]) if str(source) in laterals else maps[source]
            total = total + factor * resample(x, size)
        separable = self.after_combine.conv
        return separable.bn(separable(F.silu(total)))


def cell_nodes():
    """Level and sources of a cell's nodes: down from P6 to P3, then up from P4 to P7."""
    latest, nodes = list(range(LEVELS)), []

    def append(level, sources):
        nodes.append((level, sources))
        latest[level] = LEVELS + len(nodes) - 1

    for level in range(LEVELS - 2, -1, -1):
        append(level, [level, latest[level + 1]])
    for level in range(1, LEVELS):
        own = [level] if level == LEVELS - 1 else [level, latest[level]]
        append(level, own + [latest[level - 1]])
    return nodes


class Cell(nn.Module):
    def __init__(self, widths):
        super().__init__()
        nodes = cell_nodes()
        widths = list(widths) + [PYRAMID] * len(nodes)
        self.fnode = nn.ModuleList(Node(level, sources, widths) for level, sources in nodes)

    def forward(self, levels):
        maps, outputs = list(levels), list(levels)
        for node in self.fnode:
            maps.append(node(maps))
            outputs[node.level] = maps[-1]
        return outputs


class Pyramid(nn.Module):
    def __init__(self, widths):
        super().__init__()
        self.resample = nn.ModuleDict({"3": ConvNorm(widths[-1])})
        first = list(widths) + [PYRAMID] * (LEVELS - len(widths))
        self.cell = nn.ModuleList(Cell(first if index == 0 else [PYRAMID] * LEVELS) for index in range(CELLS))

    def forward(self, endpoints):
        levels = list(endpoints) + [F.max_pool2d(self.resample["3"](endpoints[-1]), 3, 2, 1)]
        levels.append(F.max_pool2d(levels[-1], 3, 2, 1))
        for cell in self.cell:
            levels = cell(levels)
        return levels


class Head(nn.Module):
    """Convolutions shared by the levels, batch norms of each level's own."""

    def __init__(self, outputs):
        super().__init__()
        self.conv_rep = nn.ModuleList(Separable(PYRAMID, PYRAMID, bias=False) for _ in range(HEAD_REPEATS))
        self.bn_rep = nn.ModuleList()
        for _ in range(HEAD_REPEATS):
            norms = nn.ModuleList(nn.Module() for _ in range(LEVELS))
            for norm in norms:
                norm.bn = pyramid_norm()
            self.bn_rep.append(norms)
        self.predict = Separable(PYRAMID, outputs, bias=True)

    def forward(self, levels):
        outputs = []
        for index, x in enumerate(levels):
            for separable, norms in zip(self.conv_rep, self.bn_rep):
                x = F.silu(norms[index].bn(separable(x)))
            outputs.append(self.predict(x))
        return outputs


class EfficientDet(nn.Module):
    def __init__(self, channels, classes):
        super().__init__()
        self.classes = classes
        self.backbone = Backbone(channels)
        self.fpn = Pyramid([STAGES[index][4] for index in ENDPOINTS])
        self.class_net, self.box_net = Head(ANCHORS * classes), Head(ANCHORS * 4)

    def forward(self, image):
        levels = self.fpn(self.backbone(image))
        return self.class_net(levels), self.box_net(levels)


def by_anchor(levels, values):
    """Maps [N, 9·values, h, w] → [N, A, values]."""
    return torch.cat([x.permute(0, 2, 3, 1).reshape(x.shape[0], -1, values) for x in levels], 1)


def detection_loss(class_maps, box_maps, classes, positives, box_targets, normalizer):
    """Focal (alpha 0.25, gamma 1.5) plus 50 times Huber (delta 0.1) loss; positives [N, A, classes] are 0 or 1."""
    z = by_anchor(class_maps, classes) * (1 - 2 * positives)
    alpha = 0.75 - 0.5 * positives
    focal = (alpha * torch.sigmoid(z) ** 1.5 * F.softplus(z)).sum() / normalizer
    huber = F.huber_loss(by_anchor(box_maps, 4), box_targets, reduction="none", delta=0.1)
    return focal + 50 * (huber * (box_targets != 0)).sum() / (4 * normalizer)


class Training:
    """Training steps by AdamW with fixed inputs, from given weights."""

    def __init__(self, request, tensors):
        options = request["optimizer"]
        given = {name[len("weights/") :]: x for name, x in tensors.items() if name.startswith("weights/")}
        self.model = EfficientDet(tensors["image"].shape[1], request["classes"])
        parameters = dict(self.model.named_parameters())
        if {k: v.shape for k, v in parameters.items()} != {k: v.shape for k, v in given.items()}:
            raise ValueError(f"parameters differ: {sorted(parameters.keys() ^ given.keys())[:8]}")
        self.model.load_state_dict({**self.model.state_dict(), **given})
        self.model.train()
        self.image = tensors["image"]
        self.targets = (tensors["positives"], tensors["boxTargets"], tensors["normalizer"][0])
        decayed = [p for p in parameters.values() if p.ndim > 1]
        plain = [p for p in parameters.values() if p.ndim <= 1]
        self.clip = options["clipNorm"]
        self.optimizer = torch.optim.AdamW(
            [{"params": decayed, "weight_decay": options["weightDecay"]}, {"params": plain, "weight_decay": 0}],
            lr=request["rate"],
            betas=(options["beta1"], options["beta2"]),
            eps=options["epsilon"],
        )

    def step(self):
        self.optimizer.zero_grad(set_to_none=True)
        loss = detection_loss(*self.model(self.image), self.model.classes, *self.targets)
        loss.backward()
        if self.clip > 0:
            nn.utils.clip_grad_norm_(self.model.parameters(), self.clip)
        self.optimizer.step()
        return loss.item()

    compute = step
