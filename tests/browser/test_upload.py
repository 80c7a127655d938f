"""A person brings images in the browser: looks at them, sets a role right, keeps them."""

import io
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, expect

from core.images.library import Library
from tests.browser.conftest import Server
from tests.textures import textures
from tests.unit.samples import write_tree, zipped


def files() -> dict[str, bytes]:
    made = {}
    for path, pixels in textures(4, seed=3).items():
        buffer = io.BytesIO()
        Image.fromarray(pixels).save(buffer, "PNG")
        made[path] = buffer.getvalue()
    return made


def test_a_zip_is_looked_at_set_right_and_kept(page: Page, server: Server, tmp_path: Path) -> None:
    """Three folders that look like generators; one is real. Nothing is kept before a person says so.

    Names that Markdown would take for pictures of another server fetch nothing: the page fixture sees it.
    """
    content = {f"top/{name}": data for name, data in files().items()}
    content["top/![x](http:&#47;&#47;192.0.2.1&#47;a.png)/1.png"] = next(iter(files().values()))
    content["![x](http://192.0.2.1/b.png).bmp"] = b"x"
    (tmp_path / "set.zip").write_bytes(zipped(content))
    page.goto(f"{server.url}/Data")
    page.get_by_text("Import images").click()
    page.locator('input[type="file"]').first.set_input_files(tmp_path / "set.zip")
    expect(page.get_by_text("All 13 files were decoded. Files: 13 generated. Generators: 4.")).to_be_visible()
    expect(page.locator(".gallery img")).to_have_count(13)
    assert "Uploaded" not in Library(server.home).names()

    page.get_by_role("combobox", name="Role of nearest").click()
    page.get_by_role("option", name="real, not used").click()
    expect(page.get_by_text("Files: 9 generated, 4 real, not used. Generators: 3.")).to_be_visible()
    page.get_by_label("Name of the set").fill("Uploaded")
    page.get_by_role("button", name="Keep", exact=True).click()
    expect(page.get_by_text("Uploaded is imported: 13 images")).to_be_visible()
    kept = Library(server.home).get("Uploaded")
    assert kept.counts("role") == {"generated": 9, "real_not_used": 4}
    assert sorted(kept.counts("label"))[1:] == ["bilinear", "lanczos"]
    assert list((server.home / "incoming").iterdir()) == []


def test_a_folder_comes_with_the_names_of_its_folders(page: Page, server: Server, tmp_path: Path) -> None:
    folder = write_tree(tmp_path / "mine", files())
    page.goto(f"{server.url}/Data")
    page.get_by_text("Import images").click()
    page.get_by_role("radio", name="A folder").click()
    page.locator('input[type="file"][webkitdirectory]').set_input_files(folder)
    expect(page.get_by_role("combobox", name="Role of lanczos")).to_be_visible()
    page.get_by_role("button", name="Discard", exact=True).click()
    expect(page.get_by_text("Import images")).to_be_visible()
    assert list((server.home / "incoming").iterdir()) == []
