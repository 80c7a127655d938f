"""A report's words: what data, by what method, and what its numbers do not say."""

from collections.abc import Sequence

from core import engine
from core.attribution.pipeline import Attribution
from core.config import CropSpec, FeatureSpec
from core.engine import Answer
from core.features import catalog
from core.features.pretrained.backbones import NETWORKS, NORMALISATIONS
from core.membership.cluster_distance import Membership
from core.membership.decision_rules import RULES
from core.membership.evaluation import AttackResult
from core.membership.reconstruction.attack import Reconstruction
from core.types import ImageSet, Role
from pages.ui import theme
from pages.ui.session import workspace
from pages.ui.widgets.controls import CROP_WORDS, DECISION_WORDS, LINKAGE_WORDS, METHOD_WORDS

Facts = list[tuple[str, str]]

K_WORDS = {
    "given": "given as a number",
    "known": "as many as generators are known",
    "auto": "chosen by the largest mean silhouette",
}
ROLE_WORDS = {
    Role.GENERATED: "generated",
    Role.REAL_USED: "real and used",
    Role.REAL_NOT_USED: "real and not used",
    Role.REAL_UNKNOWN: "real of unknown truth",
}


# -- data -----------------------------------------------------------------------------------------------


def data(image_set: ImageSet) -> Facts:
    """What a set holds, and the hashes it is known by."""
    roles = {ROLE_WORDS[Role(role)]: n for role, n in image_set.counts("role").items()}
    rows = [
        ("Name", image_set.name),
        ("Images", f"{len(image_set):,}: " + _counted(roles)),
    ]
    labels = _counted(image_set.counts("label"))
    if labels or not image_set.real:
        rows.append(("Generators", labels or "not known"))
    if image_set.real:
        grouped = {file.group for file in image_set.real if file.group}
        named = f"{len(grouped):,} groups of slices" if grouped else "none known: each slice is its own"
        rows.append(("Patients", named))
    if copies := sum(len(group) - 1 for group in image_set.duplicates):
        rows.append(("Copies", f"{copies:,} images have the very pixels of another"))
    return [*rows, ("Content", image_set.content), ("Content with truth", image_set.truth)]


def _counted(counts: dict[str, int]) -> str:
    return ", ".join(f"{n:,} {name}" for name, n in counts.items())


# -- method ---------------------------------------------------------------------------------------------


def method(answer: Answer) -> Facts:
    """The whole configuration, with what was left to the data and what it chose."""
    if isinstance(answer, Attribution):
        return _attribution(answer)
    return _membership(answer) if isinstance(answer, Membership) else _reconstruction(answer)


def _attribution(answer: Attribution) -> Facts:
    config, cluster = answer.config, answer.config.cluster
    if config.reduce.variance is None:
        pca = f"none: all {answer.n_raw:,} features"
    else:
        kept = f"{answer.n_features:,} of {answer.n_raw:,} features"
        pca = f"{theme.share(config.reduce.variance)} of the variance, {kept}; fitted on these images"
    return [
        *_features(config.feature),
        ("Part of the image", _crop(config.crop)),
        ("PCA", pca),
        *_clustering(cluster.method, cluster.linkage),
        ("Metric", cluster.metric),
        ("Clusters k", f"{answer.k}, {K_WORDS[answer.k_source]}"),
        ("Seed", str(cluster.seed)),
    ]


def _membership(answer: Membership) -> Facts:
    config, (distance, k, rule) = answer.config, answer.chosen
    draws = f", mean over {config.draws} draws" if config.crop == "patch" else ""
    return [
        *_features(config.feature),
        ("Part of the image", CROP_WORDS[config.crop] + draws),
        *_clustering(config.method, config.linkage),
        ("Distance", f"{distance}, to the clusters' centroids{_chosen(config.distance == 'best')}"),
        ("Clusters k", f"{k}{_chosen(config.k == 'sweep')}"),
        ("Rule", _rule(rule, config.rule == "best")),
        ("Boundary", f"{answer.development.choice.threshold:.6g}, feature units"),
        *_among(answer, "combinations of distance, k and rule"),
        ("Seed", str(config.seed)),
    ]


def _reconstruction(answer: Reconstruction) -> Facts:
    config, spec = answer.config, answer.config.autoencoder
    return [
        ("Autoencoder", f"trained on each set's generated images, bottleneck of {spec.bottleneck} numbers"),
        ("Input", f"{spec.size} x {spec.size} px, bilinear, scaled to 0..1"),
        (
            "Training",
            f"at most {spec.epochs} epochs; those weights are kept that did best on held-out images",
        ),
        ("Precision", spec.precision),
        ("Decision by", DECISION_WORDS[config.decision]),
        ("Rule", _rule(answer.chosen, config.rule == "best")),
        ("Boundary", f"{answer.development.choice.threshold:.6g}"),
        *_among(answer, "rules"),
        ("Seed", str(spec.seed)),
    ]


def _features(spec: FeatureSpec) -> Facts:
    side = f"{spec.size} x {spec.size} px, bilinear" if spec.size else "as it is"
    options = ", ".join(f"{name} {value}" for name, value in spec.options)
    if not catalog.is_network(spec.backbone):
        rows = [("Features", catalog.title(spec.backbone)), ("Settings", options or "none")]
        return [*rows, ("Input", side), ("Numbers an image", f"{catalog.dimensions(spec):,}")]
    mean, deviation = NORMALISATIONS[spec.normalisation]
    scale = f"mean {_three(mean)}, standard deviation {_three(deviation)}, of 0..1"
    return [
        ("Backbone", catalog.title(spec.backbone)),
        ("Weights", _weights(spec)),
        *([("Settings", options)] if options else []),
        ("Input", side),
        ("Normalisation", f"{spec.normalisation}: {scale}"),
        ("Pooling", f"{spec.pooling}, {catalog.dimensions(spec):,} numbers an image"),
        ("Precision", spec.precision),
    ]


def _weights(spec: FeatureSpec) -> str:
    if spec.weights == catalog.UNTRAINED:
        return "untrained: random weights, seed 0"
    if catalog.is_own(spec.backbone):
        return f"a file of the user's, SHA-256 {spec.weights.removeprefix('sha256:')}"
    return f"{spec.weights}, file with SHA-256 {NETWORKS.get(spec.backbone).sha256}"


def _three(values: Sequence[float]) -> str:
    shown = [f"{value:.3f}" for value in values]
    return shown[0] if len(set(shown)) == 1 else " / ".join(shown)


def _crop(crop: CropSpec) -> str:
    return CROP_WORDS[crop.kind] + (f", seed {crop.seed}" if crop.kind == "patch" else "")


def _clustering(method: str, linkage: str) -> Facts:
    tree = [("Linkage", LINKAGE_WORDS[linkage])] if method == "hierarchical" else []
    return [("Clustering", METHOD_WORDS[method]), *tree]


def _rule(name: str, left_open: bool) -> str:
    return f"{RULES.get(name).title}{_chosen(left_open)}. {RULES.get(name).explained}"


def _among(answer: AttackResult, what: str) -> Facts:
    tried = answer.development.balanced.size
    return [("Chosen among", f"{tried} {what}, on development")] if tried > 1 else []


def _chosen(left_open: bool) -> str:
    return " (chosen on development)" if left_open else " (given)"


# -- limits ---------------------------------------------------------------------------------------------

CONFOUNDS = (
    "Anything that differs between the classes can carry a score: file format, brightness, resolution, "
    "anatomy. This report does not look for such confounds; the page Audit does."
)
ONE_METHOD = (
    "The intervals cover the luck of which images were drawn. They do not cover other generators, other "
    "data, or another choice of method."
)
UNTRAINED = "The network is untrained: the numbers show the form of a result, not a result."
TRUTH = "The truth is what the folders said on import; nothing here checks it."


def tried(sets: Sequence[ImageSet], answer: Answer) -> int:
    """How many configurations were tried on these sets, this one at least."""
    return max(1, len(workspace.current().tried(engine.kind_of(answer.config), sets)))


def multiplicity(count: int) -> str:
    if count == 1:
        return "Only this configuration was tried on these sets."
    return (
        f"{count} configurations were tried on these sets. The best of many is flattered by luck, and the "
        "p-value is of this one configuration."
    )


def limits_of_groups(answer: Attribution, count: int) -> list[str]:
    known = answer.k_source == "known"
    return [
        "The adjusted Rand index tells how well groups that were formed without labels agree with the "
        "generators: 1 is full agreement, 0 what chance gives. It does not tell why they differ, nor that an "
        "image of yet another generator would be recognised.",
        "The number of clusters was set to the number of generators, which a blind test would not tell."
        if known
        else "",
        CONFOUNDS,
        ONE_METHOD,
        multiplicity(count),
        UNTRAINED if answer.config.feature.weights == catalog.UNTRAINED else "",
        TRUTH,
    ]


def limits_of_calls(sets: Sequence[ImageSet], answer: Membership | Reconstruction, count: int) -> list[str]:
    ungrouped = not any(file.group for each in sets for file in each.real)
    untrained = isinstance(answer, Membership) and answer.config.feature.weights == catalog.UNTRAINED
    return [
        "“No leak found” does not mean that the data are safe: one attack, at one sample size, found "
        "nothing. The verdict names the smallest leak that it would probably have seen; others may see more.",
        "A leak found here says that used slices lie nearer to what the generator makes than others do, on "
        "the whole. It does not prove of any one slice that it was used, and likeness is no proof of a copy.",
        "An F1 is read against that of calling every slice used, which needs no look at an image.",
        "No patient is known for these slices, so each counts as a witness of its own. Where several are of "
        "one patient, the intervals are too narrow."
        if ungrouped
        else "Slices of one patient are no independent witnesses: intervals and p-values draw whole groups.",
        "" if answer.test else "There is no test set: the numbers are of development, cross-validated.",
        CONFOUNDS,
        ONE_METHOD,
        multiplicity(count),
        UNTRAINED if untrained else "",
        TRUTH,
    ]
