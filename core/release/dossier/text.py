"""What every dossier says, whatever was found."""

from collections.abc import Mapping

from core.release.result import CANNOT_TELL, FOUND, NOT_FOUND

QUESTION = (
    "If these synthetic images are released, can anybody tell whose images the generator was trained on? Who "
    "would be exposed, how sure is that, and what was not looked at?"
)
ANSWERS: Mapping[str, str] = {
    FOUND: "Exposure found",
    NOT_FOUND: "Not found by these attacks",
    CANNOT_TELL: "Cannot tell",
}
ATTACKER = (
    "The attacks suppose somebody who holds all synthetic images and a real image of a person, or one much "
    "like it, and asks whether the generator was trained on it. They use no weights of the generator, no "
    "queries to it, and no text that came with the images."
)
AUDIENCE: Mapping[str, str] = {
    "undeclared": (
        "The context of the release was not declared. What is acceptable depends on it, so whoever decides "
        "must state it first: to whom the images go, under which terms, and whether the generator's weights "
        "go with them."
    ),
    "public": (
        "Anybody may keep the images for good and compare them with whatever else they have, then or later. "
        "No term of use holds an attacker back, and a release can't be taken back."
    ),
    "known": (
        "The recipients have agreed to terms of use. Terms lower the chance that somebody tries, not the "
        "chance that the attempt succeeds: the numbers below are of an attempt."
    ),
    "weights": (
        "The generator's weights are released as well. The attacks below look at images only. Attacks on the "
        "weights were not run, so this dossier covers only a part of this release."
    ),
}
IN_SCOPE = (
    "Membership inference from the generated images, by the attacks of section 3.2, and a search for exact "
    "copies. Of regurgitation, only what shows among the generated images that were given."
)
# The tests that EDPB Opinion 28/2024 lists in paragraph 55, but for membership inference.
OUT_OF_SCOPE: tuple[tuple[str, str], ...] = (
    (
        "Attribute inference",
        "Whether something unknown of a person, such as a diagnosis, follows from the images and from what "
        "is known of them.",
    ),
    (
        "Exfiltration",
        "Whether training data leave by another way: systems, logs, metadata, or the people who work with "
        "them.",
    ),
    (
        "Regurgitation beyond these images",
        "Whether the generator gives back training images among those that it has not generated yet, or when "
        "it is prompted for them.",
    ),
    (
        "Model inversion",
        "Whether training images can be recovered by optimising inputs against the generator.",
    ),
    ("Reconstruction from the weights", "Whether training images can be recovered from the parameters."),
)
NOT_A_PASS = (
    "These were not run. “Not run” is not a pass: nothing in this dossier speaks for or against them."
)
LIMITS: tuple[str, ...] = (
    "This dossier is evidence of how far these images resist the attacks that were run. It is no "
    "certificate of anonymity, and no statement that any law is complied with.",
    "A test that finds nothing is evidence of resistance to that test alone (EDPB Opinion 28/2024, "
    "paragraph 55). An attack that was not run may find more, and so may one that is published later.",
    "The numbers are of these generated images and these real ones. More images of the same generator, "
    "another selection of them, or its weights are another release.",
    "Who is not named is not thereby cleared: the attacks name only those of whom the sample is sure enough.",
    "The SHA-256 shows whether this file was changed by mistake or without care. It is no signature: "
    "whoever changes the file on purpose can compute it again. Keep the original where it can't be replaced.",
)
TO_ADD: tuple[str, ...] = (
    "Purpose of the release, recipients, terms of use, and the legal basis.",
    "How the generator was trained, on how many images and people, the ratio of training data to parameters, "
    "and any protection such as differential privacy (EDPB Opinion 28/2024, paragraph 58).",
    "Who else holds images of the same people, and what they could compare.",
    "When this is to be assessed again, and what happens if a leak becomes known after the release.",
)
HEADINGS_AFTER = "ISO/IEC 27559:2022"
PEOPLE_BY_NUMBER = (
    "People are given by number only. Who they are is on the page Release, and in a dossier that was asked "
    "to name them."
)
PEOPLE_BY_NAME = (
    "This dossier names people at risk, because that was asked for. It is personal data: keep it apart, and "
    "don't release it with the images."
)
