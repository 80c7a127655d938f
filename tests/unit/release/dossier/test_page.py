"""The page: nothing is requested, nothing runs, nobody is named, and a stranger's text stays text."""

import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from core.release.config import ReleaseConfig
from core.release.dossier.chart import auc_chart
from core.release.dossier.document import document
from core.release.dossier.elements import number, share
from core.release.dossier.page import page
from tests.unit.release.dossier.conftest import Case

LOADING = {"src", "href", "srcset", "action", "data", "poster", "background", "style", "formaction", "ping"}


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []
        self.attributes: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.attributes += [name for name, _ in attrs]


def parsed(text: str) -> Tags:
    tags = Tags()
    tags.feed(text)
    return tags


def test_nothing_is_requested_and_nothing_runs(case: Case) -> None:
    text = page(case.document())
    tags = parsed(text)
    assert not {"script", "link", "img", "iframe", "object", "embed", "form", "a", "b-x"} & {*tags.names}
    assert not LOADING & {*tags.attributes}
    assert not [name for name in tags.attributes if name.startswith("on")]
    assert "url(" not in text
    assert "@import" not in text
    assert "http://" not in text
    assert "https://" not in text


def test_the_policy_names_the_style_by_its_hash(case: Case) -> None:
    """As a browser computes it: SHA-256 of what stands between the tags, in base64."""
    text = page(case.document())
    (style,) = re.findall(r"<style>(.*?)</style>", text, re.S)
    hashed = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', text)
    assert f"style-src 'sha256-{hashed}'" in policy
    assert policy.startswith("default-src 'none'; ")
    assert "script" not in policy
    assert "unsafe" not in policy


def test_no_file_and_no_person_is_named(case: Case) -> None:
    text = page(case.document())
    assert "secret" not in text
    assert "Jane" not in text
    named = page(case.document(name_people=True))
    assert case.release.at_risk.images[0].name in named
    assert "keep it apart" in named


def test_texts_are_escaped(case: Case) -> None:
    """The data set is called "study <b>"; whoever decides, a script."""
    text = page(case.document(decided_by="<script>alert(1)</script>", drawn_up="</pre><i>"))
    assert "<h1>Release dossier: study &lt;b&gt;</h1>" in text
    assert not {"script", "i"} & {*parsed(text).names}
    assert text.count("</pre>") == 1


def test_headings_tables_and_lines_to_sign(case: Case) -> None:
    """One h1; every table has a caption, every cell that heads has a scope; sections have their headings."""
    found = case.document()
    text = page(found)
    tags = parsed(text)
    assert tags.names.count("h1") == 1
    assert tags.names.count("table") == tags.names.count("caption") > 5
    assert text.count("<th ") == text.count("<th scope=") == tags.names.count("th")
    for heading in ("Context", "Data", "Identifiability assessment", "Mitigation", "Governance"):
        assert re.search(rf"<h2 id=\"\w+\">\d {heading}</h2>", text)
    assert '<th scope="row">Date</th><td></td>' in text
    assert '<th scope="row">Name of who decides</th><td></td>' in text
    assert f"<code>{found['sha256']}</code>" in text


def test_limits_and_scope_stand_on_the_page(case: Case) -> None:
    text = page(case.document())
    assert "no statement that any law is complied with" in text
    assert text.count("not\u00a0run") == 5
    assert "is not a pass" in text
    for word in ("safe", "anonymous", "compliant", "guarantee"):
        assert not re.search(rf"\b{word}\b", text), word


def test_an_undeclared_context_is_said_once_in_words(case: Case) -> None:
    text = page(document(case.release, ReleaseConfig(), case.sets))
    assert "The context of the release was not declared." in text
    assert '<th scope="row">Context of the release</th><td>Not declared</td>' in text


def test_a_power_table_and_a_verdict_of_nothing(case: Case) -> None:
    from core.release.result import NOT_FOUND, Power

    power = Power(0.1, ((0.05, 0.5), (0.1, 0.9)), 50)
    nothing = replace(case.release, verdict=NOT_FOUND, sentence="Not found by these attacks: x.", power=power)
    text = page(document(nothing, case.config, case.sets))
    assert '<div class="answer missed"><b>Not found by these attacks</b>X.</div>' in text
    assert '<th scope="row">5%</th><td class="number">50%</td>' in text


def row(auc: float, ci: tuple[float, float] | None, placebo: float | None) -> dict[str, object]:
    return {"title": "Pixels", "auc": auc, "auc_ci": ci, "placebo_auc": placebo, "headline": False}


def test_the_chart_puts_values_where_they_are() -> None:
    """The axis starts at 0.4, as 0.45 is the least value, 270 px from the left, and ends with 1 at 680 px:
    so an AUC of 0.7 is in the middle, at 475 px."""
    drawn = auc_chart([row(0.7, (0.45, 1.0), None)])
    assert 'cx="475.0"' in drawn
    assert 'x2="680.0"' in drawn
    assert "Pixels 0.700 (0.450 to 1.000)." in drawn
    assert "polygon" not in drawn
    assert "polygon" in auc_chart([row(0.7, None, 0.5)])


@pytest.mark.parametrize(
    ("value", "words"),
    [(None, "–"), (-0.0002, "0.000"), (-0.004, "-0.004"), (1.234, "1.23"), (99.51, "99.5")],
)
def test_numbers_have_three_figures(value: float | None, words: str) -> None:
    assert number(value) == words


def test_a_share_without_a_value_is_a_dash() -> None:
    assert (share(None), share(0.5), share(0.5, (0.25, 1.0))) == ("–", "50%", "50% (25% to 100%)")
