"""A report's texts: data, method, and limits of the numbers."""

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
from core.wording import counted
from pages.ui import theme
from pages.ui.attribution import groups
from pages.ui.membership.charts import DISTANCE_WORDS
from pages.ui.session import workspace
from pages.ui.widgets import real_sets
from pages.ui.widgets.controls import CROP_WORDS, DECISION_WORDS, LINKAGE_WORDS, METHOD_WORDS

Facts = list[tuple[str, str]]

K_WORDS = {
    "given": "given",
    "known": "one per labelled generator",
    "auto": "found by splits of the tree that stand",
    "silhouette": "selected by the largest mean silhouette",
}
ROLE_WORDS = {
    Role.GENERATED: "generated",
    Role.REAL_USED: "real, used",
    Role.REAL_NOT_USED: "real, not used",
    Role.REAL_UNKNOWN: "real, unlabelled",
}


# -- data -----------------------------------------------------------------------------------------------


def data(image_set: ImageSet) -> Facts:
    """What a data set contains, and the hashes that identify it."""
    roles = {ROLE_WORDS[Role(role)]: n for role, n in image_set.counts("role").items()}
    rows = [
        ("Name", image_set.name),
        ("Images", f"{len(image_set):,}: " + _counted(roles)),
    ]
    labels = _counted(image_set.counts("label"))
    if labels or not image_set.real:
        rows.append(("Generators", labels or "unlabelled"))
    if image_set.real:
        grouped = {file.group for file in image_set.real if file.group}
        named = (
            counted(len(grouped), "patient group")
            if grouped
            else "unknown: slices count as people, near-duplicates as one"
        )
        rows.append(("Patients", named))
    if copies := sum(len(group) - 1 for group in image_set.duplicates):
        rows.append(
            (
                "Copies",
                f"{copies:,} images are exact duplicates" if copies > 1 else "1 image is an exact duplicate",
            )
        )
    return [*rows, ("Content", image_set.content), ("Content with ground truth", image_set.truth)]


def _counted(counts: dict[str, int]) -> str:
    return ", ".join(f"{n:,} {name}" for name, n in counts.items())


# -- method ---------------------------------------------------------------------------------------------


def method(answer: Answer) -> Facts:
    """The whole configuration, including what was selected from the data."""
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
        ("Region of the image", _crop(config.crop)),
        ("Whitening", _whitening(config.whiten)),
        ("PCA", pca),
        *_clustering(cluster.method, cluster.linkage),
        ("Metric", cluster.metric),
        ("Clusters k", f"{answer.k}, {K_WORDS[answer.k_source]}"),
        *([("Number of generators", groups.sentence(answer.groups))] if answer.groups else []),
        ("Seed", str(cluster.seed)),
    ]


def _whitening(content: str) -> str:
    if not content:
        return "none"
    return f"{real_sets.describe(content)} (content {content})"


def _membership(answer: Membership) -> Facts:
    config, (distance, k, rule) = answer.config, answer.chosen
    draws = f", mean over {config.draws} draws" if config.crop == "patch" else ""
    return [
        *_features(config.feature),
        ("Region of the image", CROP_WORDS[config.crop] + draws),
        *_clustering(config.method, config.linkage),
        (
            "Distance",
            f"{DISTANCE_WORDS[distance]} distance to the cluster "
            f"centroids{_chosen(config.distance == 'best')}",
        ),
        ("Clusters k", f"{k}{_chosen(config.k == 'sweep')}"),
        ("Rule", _rule(rule, config.rule == "best")),
        ("Threshold", f"{answer.development.choice.threshold:.6g}, in feature units"),
        *_among(answer, "combinations of distance, k and rule"),
        ("Seed", str(config.seed)),
    ]


def _reconstruction(answer: Reconstruction) -> Facts:
    config, spec = answer.config, answer.config.autoencoder
    return [
        (
            "Autoencoder",
            f"trained on the generated images of each data set, bottleneck of {spec.bottleneck} dimensions",
        ),
        ("Input", f"{spec.size} x {spec.size} px, bilinear, scaled to 0..1"),
        (
            "Training",
            f"at most {spec.epochs} epochs; the epoch with the lowest validation error is used",
        ),
        ("Precision", spec.precision),
        ("Decide by", DECISION_WORDS[config.decision]),
        ("Rule", _rule(answer.chosen, config.rule == "best")),
        ("Threshold", f"{answer.development.choice.threshold:.6g}"),
        *_among(answer, "rules"),
        ("Seed", str(spec.seed)),
    ]


def _features(spec: FeatureSpec) -> Facts:
    side = f"{spec.size} x {spec.size} px, bilinear" if spec.size else "as it is"
    options = ", ".join(f"{name} {value}" for name, value in spec.options)
    if not catalog.is_network(spec.backbone):
        rows = [("Features", catalog.title(spec.backbone)), ("Settings", options or "none")]
        return [*rows, ("Input", side), ("Dimensions per image", f"{catalog.dimensions(spec):,}")]
    mean, deviation = NORMALISATIONS[spec.normalisation]
    scale = f"mean {_three(mean)}, standard deviation {_three(deviation)}, of 0..1"
    return [
        ("Backbone", catalog.title(spec.backbone)),
        ("Weights", _weights(spec)),
        *([("Settings", options)] if options else []),
        ("Input", side),
        ("Normalisation", f"{spec.normalisation}: {scale}"),
        ("Pooling", f"{spec.pooling}, {catalog.dimensions(spec):,} dimensions per image"),
        ("Precision", spec.precision),
    ]


def _weights(spec: FeatureSpec) -> str:
    if spec.weights == catalog.UNTRAINED:
        return "untrained (random weights, seed 0)"
    if catalog.is_own(spec.backbone):
        return f"custom file, SHA-256 {spec.weights.removeprefix('sha256:')}"
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
    count = answer.development.balanced.size
    return [("Selected among", f"{count} {what}, on the development set")] if count > 1 else []


def _chosen(left_open: bool) -> str:
    return " (selected on the development set)" if left_open else " (given)"


# -- limits ---------------------------------------------------------------------------------------------

CONFOUNDERS = (
    "Any difference between the classes can produce a score: file format, brightness, resolution, anatomy. "
    "This report does not look for such confounders; the Audit page does."
)
ONE_METHOD = (
    "The intervals cover the sampling of images only. They do not cover other generators, other data, or "
    "another choice of method."
)
UNTRAINED = "The network is untrained: these numbers are placeholders and must not be interpreted."
GROUND_TRUTH = "The ground truth is what was given on import; nothing here verifies it."


def count_evaluated(sets: Sequence[ImageSet], answer: Answer) -> int:
    """How many configurations have been evaluated on these data sets, including this one."""
    return max(1, len(workspace.current().ranked_runs(engine.kind_of(answer.config), sets)))


def multiplicity(count: int) -> str:
    if count == 1:
        return "Only this configuration has been evaluated on these data sets."
    return (
        f"{count} configurations have been evaluated on these data sets. The best of many is optimistically "
        "biased, and the p-value is not corrected for their number."
    )


def attribution_limits(answer: Attribution, count: int) -> list[str]:
    known = answer.k_source == "known"
    return [
        "The adjusted Rand index measures how well clusters formed without labels agree with the "
        "generators: 1 is perfect agreement, 0 is chance. It does not explain why generators differ, and "
        "does not show that an image of another generator would be recognised.",
        "The number of clusters was set to the number of generators, which is not known in a blind test."
        if known
        else "",
        *(groups.limits(answer) if answer.groups else []),
        CONFOUNDERS,
        ONE_METHOD,
        multiplicity(count),
        UNTRAINED if answer.config.feature.weights == catalog.UNTRAINED else "",
        GROUND_TRUTH,
    ]


def membership_limits(sets: Sequence[ImageSet], answer: Membership | Reconstruction, count: int) -> list[str]:
    ungrouped = not any(file.group for each in sets for file in each.real)
    untrained = isinstance(answer, Membership) and answer.config.feature.weights == catalog.UNTRAINED
    return [
        "“No leak found” does not mean that the data are safe: one attack, at one sample size, found "
        "nothing. The verdict gives the smallest leak that it would probably have detected; other attacks "
        "may detect more.",
        "“A leak was found” means that used slices are, on average, nearer to the generated images than "
        "others. It does not prove for any single slice that it was used, and similarity is no proof of a "
        "copy.",
        "Compare an F1 with the baseline of always predicting “used”.",
        "The patients of these slices are unknown, so slices count as people, except that near-duplicates "
        "count as one. If several slices are of one patient, the intervals are too narrow and the p-value is "
        "too small."
        if ungrouped
        else "Slices of one patient are not independent, so the bootstrap and the permutation test draw "
        "whole patient groups.",
        ""
        if answer.test
        else "There is no test set: the numbers are cross-validated on the development set.",
        CONFOUNDERS,
        ONE_METHOD,
        multiplicity(count),
        UNTRAINED if untrained else "",
        GROUND_TRUTH,
    ]
