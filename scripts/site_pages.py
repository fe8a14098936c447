"""mkdocs hook: documents outside docs/ become pages, and links between all of them lead to pages."""

import posixpath
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[1]

# Pages made of documents elsewhere in the repository.
PAGES = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "CONTRIBUTING.md",
    "CHANGELOG.md": "CHANGELOG.md",
    "SECURITY.md": "SECURITY.md",
    "benchmarks/RESULTS.md": "RESULTS.md",
    "clients/typescript/README.md": "client-typescript.md",
    "clients/python/README.md": "client-python.md",
    "examples/web-app/README.md": "web-app-example.md",
    "examples/silence-map/README.md": "silence-map.md",
}
_SOURCES = {page: source for source, page in PAGES.items()}
_LINK = re.compile(r"(?<!!)\[([^\]]+)\]\(([^)#\s]+)(#[^)]*)?\)")
_IMAGE = re.compile(r"(!\[[^\]]*\]\()([^)\s]+)\)")
_NAME = re.compile(r"`([\w.]+)`")
_FACADE = "audioprep.extend"


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the documents of PAGES."""
    for source, page in PAGES.items():
        files.append(File.generated(config, page, abs_src_path=str(ROOT / source)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Point links at pages; a link to a file that is no page becomes its text. Fill in the public names.

    A link to nothing is left to mkdocs, which refuses it.
    """
    if page.file.src_uri == "api.md":
        markdown += "\n".join(f"\n::: {name}\n" for name in public_names())
    source = _SOURCES.get(page.file.src_uri, f"docs/{page.file.src_uri}")

    def link(match: re.Match[str]) -> str:
        text, target, anchor = match.groups(default="")
        if "://" in target:
            return match[0]
        to, file = _page(source, target), ROOT / posixpath.dirname(source) / target
        return text if file.exists() and not files.get_file_from_path(to) else f"[{text}]({to}{anchor})"

    markdown = _LINK.sub(link, markdown)
    return _IMAGE.sub(lambda image: f"{image[1]}{_page(source, image[2])})", markdown)


def public_names() -> list[str]:
    """The names in the first column of the table of docs/extending.md; one without a module is of the facade."""
    section = (ROOT / "docs" / "extending.md").read_text("utf-8").split("## What may be relied on")[1]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    names = [name for row in rows for name in _NAME.findall(row)]
    if not names:
        raise PluginError("docs/extending.md has no table of public names")
    return [name if "." in name else f"{_FACADE}.{name}" for name in names]


def _page(source: str, target: str) -> str:
    """The place in the site of a link's target in the document at `source`."""
    path = posixpath.normpath(posixpath.join(posixpath.dirname(source), target))
    return PAGES.get(path, path.removeprefix("docs/"))
