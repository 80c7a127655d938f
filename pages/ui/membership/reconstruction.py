"""Views of the reconstruction attack: training loss, errors by role, reconstructions side by side."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from core.membership.decision_rules import RULES
from core.membership.evaluation import PartResult
from core.membership.reconstruction.attack import Reconstruction, Reconstructions
from core.types import ImageSet
from pages.ui.membership import cards, slices
from pages.ui.membership import charts as membership_charts
from pages.ui.membership import tabs as membership_tabs
from pages.ui.session import workspace
from pages.ui.theme import GREY, PALETTE, ROLES
from pages.ui.widgets import charts, gallery

Sets = tuple[ImageSet, ImageSet | None]
SIDE = 300  # px sent for an image that is drawn at 150
AXES = {
    "mse": "mean squared error",
    "ssim": "SSIM with the “not used” centroid − SSIM with the “used” centroid",
}
GENERATED = "generated"
LOSS_CAPTION = (
    "Error on generated images (logarithmic scale). The epoch with the lowest validation error is used."
)
ERRORS_CAPTION = (
    "If the generator leaks training data, the “used” slices have smaller errors (further left, towards the "
    "generated images on which the autoencoder was trained)."
)
CENTROIDS_CAPTION = (
    "Mean error images of the development set, on one scale. With SSIM, a slice is assigned to the centroid "
    "that its own error map resembles more (window 7 × 7, data range: the largest value). Right: orange "
    "where slices that were not used have larger errors."
)


# -- training -----------------------------------------------------------------------------------------


def loss(history: Sequence[Sequence[float]]) -> go.Figure:
    """Training and validation error by epoch, and the epoch whose weights are used."""
    epochs = np.array(history, float).reshape(-1, 4)
    figure = go.Figure()
    for column, name, colour in ((1, "training", PALETTE[0]), (2, "validation", PALETTE[1])):
        figure.add_trace(
            go.Scatter(
                x=epochs[:, 0],
                y=epochs[:, column],
                mode="lines",
                name=name,
                line={"color": colour, "width": 2},
                hovertemplate=f"{name}: %{{y:.5f}} after epoch %{{x}}<extra></extra>",
            )
        )
    if len(epochs):
        best = int(epochs[epochs[:, 2].argmin(), 0])
        figure.add_vline(best, line={"dash": "dot", "width": 1.2, "color": GREY}, annotation_text="selected")
    charts.layout(figure, "epoch", "mean squared error", 300)
    figure.update_yaxes(type="log", dtick=1)
    return figure


def draw_loss(history: Sequence[Sequence[float]], key: str) -> None:
    st.plotly_chart(
        loss(history), key=key, config=charts.CONFIG, alt="Training and validation error by epoch"
    )
    st.caption(LOSS_CAPTION)


# -- the result ---------------------------------------------------------------------------------------


def histogram(result: Reconstruction) -> None:
    st.plotly_chart(
        errors(result),
        key="error_chart",
        config=charts.CONFIG,
        alt="Histogram of reconstruction errors by role",
    )
    st.caption(ERRORS_CAPTION)


def errors(result: Reconstruction) -> go.Figure:
    part = result.reported
    roles, distance = [gallery.role(file) for file in part.files], part.distance
    if result.config.decision == "mse":
        distance = np.concatenate([distance, result.generated_mse])
        roles += [GENERATED] * len(result.generated_mse)
    return membership_charts.histogram(
        distance, roles, result.development.choice.threshold, AXES[result.config.decision]
    )


def remarks(result: Reconstruction) -> None:
    st.caption(" ".join(list_remarks(result)))


def list_remarks(result: Reconstruction) -> list[str]:
    """Remarks that a careful reader would ask for."""
    rule = RULES.get(result.chosen)
    return [text for text in (rule.explained, *cards.common(result)) if text]


def tabs(sets: Sets, result: Reconstruction) -> None:
    """Only the open tab computes anything."""
    tab = st.segmented_control(
        "Evidence",
        ["Slices", "Generated", "Centroids", "ROC", "Scores"],
        default="Slices",
        key="tab",
        required=True,
        label_visibility="collapsed",
    )
    if tab == "Slices":
        _browser(sets, result)
    elif tab == "Generated":
        _generated(sets, result)
    elif tab == "Centroids":
        _centroids(sets[0], result)
    elif tab == "ROC":
        membership_tabs.roc(result)
    elif tab == "Scores":
        membership_tabs.scores(result)


# -- images -------------------------------------------------------------------------------------------


def _browser(sets: Sets, result: Reconstruction) -> None:
    left, right = st.columns([1, 1.75])
    with left:
        part, place = slices.pick(result, "error" if result.config.decision == "mse" else "difference")
    with right:
        file = part.files[place]
        looks = workspace.reconstruction_attack().inspect(
            slices.set_of(sets, result, part), [file], result.config
        )
        gallery.row(tiles(looks, 0, ROLES[gallery.role(file)]), large=True)
        st.caption(of_slice(part, place, float(looks.errors[0].mean())))


def of_slice(part: PartResult, place: int, mse: float) -> str:
    role = gallery.role(part.files[place])
    predicted = "used" if part.predicted[place] else "not used"
    nearer = slices.share_nearer(part.files, part.distance, place, "at least as suspicious")
    return f"Mean squared error {mse:.5f}. Ground truth: {role}; predicted: {predicted}. {nearer}"


def _generated(sets: Sets, result: Reconstruction) -> None:
    image_set = sets[1] or sets[0]
    looks = workspace.reconstruction_attack().inspect(image_set, image_set.generated[:4], result.config)
    columns = st.columns(2)
    for place in range(len(looks.files)):
        with columns[place % 2]:
            gallery.row(tiles(looks, place, PALETTE[2]))
    st.caption("Generated images: input, reconstruction, and squared-error map.")


def tiles(looks: Reconstructions, place: int, colour: str) -> list[str]:
    name = looks.files[place].name
    largest = float(np.quantile(looks.errors, 0.995)) or 1.0
    return [
        gallery.figure(enlarged(looks.images[place]), [name], colour, name, SIDE),
        gallery.figure(enlarged(looks.made[place]), ["reconstruction"], GREY, "reconstruction", SIDE),
        gallery.figure(heat(looks.errors[place], largest), ["squared error"], GREY, "squared error", SIDE),
    ]


def _centroids(development: ImageSet, result: Reconstruction) -> None:
    gallery.row(
        centroids(workspace.reconstruction_attack().centroids(development, result.config)), large=True
    )
    st.caption(CENTROIDS_CAPTION)


def centroids(pair: np.ndarray) -> list[str]:
    """HTML of the mean error images (2, size, size) of used and not used, and of their difference."""
    largest = float(np.quantile(pair, 0.995)) or 1.0
    difference = pair[1] - pair[0]
    spread = float(np.abs(difference).max()) or 1.0
    return [
        gallery.figure(heat(pair[0], largest), ["mean error, used"], ROLES["used"], "used", SIDE),
        gallery.figure(heat(pair[1], largest), ["mean error, not used"], ROLES["not used"], "not used", SIDE),
        gallery.figure(_signed(difference / spread), ["not used − used"], GREY, "difference", SIDE),
    ]


def enlarged(pixels: np.ndarray) -> np.ndarray:
    """Nearest-neighbour enlargement: the network's input is small, and must not be smoothed."""
    times = max(1, SIDE // len(pixels))
    return np.kron(pixels, np.ones((times, times), pixels.dtype))


def heat(values: np.ndarray, largest: float) -> np.ndarray:
    """uint8 (H, W, 3), from black through orange to white."""
    share = np.clip(values / largest, 0, 1)
    channels = [np.clip(share * 2, 0, 1), np.clip(share * 1.5 - 0.2, 0, 1), np.clip(share * 3 - 2, 0, 1)]
    return np.stack([enlarged((255 * channel).astype(np.uint8)) for channel in channels], 2)


def _signed(values: np.ndarray) -> np.ndarray:
    """uint8 (H, W, 3) of -1..1: blue below, orange above, black between."""
    above, below = np.clip(values, 0, 1), np.clip(-values, 0, 1)
    channels = [above, 0.6 * above + 0.45 * below, below * 0.9]
    return np.stack([enlarged((255 * channel).astype(np.uint8)) for channel in channels], 2)
