"""A person brings images in the browser: looks at them, sets a role right, keeps them."""

import io
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Page, expect

from core.images.library import Library
from tests.browser.conftest import Server
from tests.support.samples import write_tree, zipped
from tests.support.textures import textures


def files() -> dict[str, bytes]:
    return {path: plain(pixels) for path, pixels in textures(4, seed=3).items()}


def test_a_zip_is_looked_at_set_right_and_kept(page: Page, server: Server, tmp_path: Path) -> None:
    """Three folders that look like generators; one is real. Nothing is kept before a person says so.

    Names that Markdown would take for pictures of another server fetch nothing: the page fixture sees it.
    """
    content = {f"top/{name}": data for name, data in files().items()}
    content["top/![x](http:&#47;&#47;192.0.2.1&#47;a.png)/1.png"] = next(iter(files().values()))
    content["![x](http://192.0.2.1/b.png).heic"] = b"x"
    (tmp_path / "set.zip").write_bytes(zipped(content))
    page.goto(f"{server.url}/Data")
    page.get_by_text("Import images").click()
    page.locator('input[type="file"]').first.set_input_files(tmp_path / "set.zip")
    expect(page.get_by_text("13 files, all decoded. Files: 13 generated. Generators: 4.")).to_be_visible()
    expect(page.locator(".gallery img")).to_have_count(13)
    assert "Uploaded" not in Library(server.home).names()

    page.get_by_role("combobox", name="Role of nearest").click()
    page.get_by_role("option", name="real, not used").click()
    expect(page.get_by_text("Files: 9 generated, 4 real, not used. Generators: 3.")).to_be_visible()
    page.get_by_label("Name of the data set").fill("Uploaded")
    page.get_by_role("button", name="Keep", exact=True).click()
    expect(page.get_by_text("Uploaded was imported: 13 images")).to_be_visible()
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


def challenge() -> dict[str, bytes]:
    """Two data sets with a development and a test part; each generator repeats its training slices."""
    rng = np.random.default_rng(0)
    files = {}
    for part in ("DB1/dev", "DB1/test", "DB2/dev", "DB2/test"):
        real = rng.integers(0, 200, (24, 48, 48), np.uint8)
        for number, pixels in enumerate(real):
            role = "real_used" if number < 12 else "real_not_used"
            files[f"{part}/{role}/{number}.png"] = plain(pixels)
            if number < 12:
                files[f"{part}/generated/{number}.png"] = plain(pixels + np.uint8(7))
    return files


def test_the_challenges_archive_is_kept_by_one_click_and_has_a_verdict(
    page: Page, fresh_server: Callable[..., Server], tmp_path: Path
) -> None:
    """Four sets and two pairs come of the names of folders alone; the verdict is on the paired test set."""
    server = fresh_server()
    (tmp_path / "CT.zip").write_bytes(zipped(challenge()))
    page.goto(f"{server.url}/Data")
    page.get_by_text("Import images").click()
    page.locator('input[type="file"]').first.set_input_files(tmp_path / "CT.zip")
    expect(page.get_by_text("1 archive: 4 data sets")).to_be_visible()
    page.get_by_role("button", name="Keep", exact=True).click()
    expect(page.get_by_text(re.compile("CT DB1 dev was imported: 36 images"))).to_be_visible()
    kept = {each.name: each.pair for each in Library(server.home).all() if each.name.startswith("CT")}
    assert kept == {
        "CT DB1 dev": "CT DB1 test",
        "CT DB1 test": "CT DB1 dev",
        "CT DB2 dev": "CT DB2 test",
        "CT DB2 test": "CT DB2 dev",
    }

    page.get_by_role("link", name="Training data: regions").click()
    expect(page.get_by_text("A leak was found")).to_be_visible(timeout=120_000)
    expect(page.get_by_test_id("stSidebar").get_by_text("CT DB1 test").first).to_be_visible()


def resident(server: Server) -> float:
    """MiB that the server's process holds; 0 where the system doesn't say."""
    status = Path(f"/proc/{server.pid}/status")
    found = re.search(r"VmRSS:\s+(\d+) kB", status.read_text()) if status.exists() else None
    return int(found[1]) / 1024 if found else 0.0


def test_an_upload_does_not_stay_in_the_servers_memory(page: Page, server: Server, tmp_path: Path) -> None:
    """Of 96 MiB not half is left once the preview stands; while it came it was there several times."""
    noise = np.random.default_rng(0).integers(0, 256, (96, 1024, 1024), np.uint8)
    write_tree(tmp_path, {"large.zip": stored({f"gan/{i}.png": plain(p) for i, p in enumerate(noise)})})
    page.goto(f"{server.url}/Data")
    page.get_by_text("Import images").click()
    expect(page.get_by_role("radio", name="A folder")).to_be_visible()
    before = resident(server)
    page.locator('input[type="file"]').first.set_input_files(tmp_path / "large.zip")
    expect(page.get_by_text("96 files, all decoded.")).to_be_visible()
    after = resident(server)
    size = (tmp_path / "large.zip").stat().st_size / 2**20
    print(f"\n{size:.0f} MiB uploaded; the server held {before:.0f} MiB before and {after:.0f} after")
    assert after - before < 48
    page.get_by_role("button", name="Discard", exact=True).click()
    expect(page.get_by_text("Import images")).to_be_visible()


def plain(pixels: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", compress_level=0)
    return buffer.getvalue()


def stored(content: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in content.items():
            archive.writestr(name, data)
    return buffer.getvalue()
