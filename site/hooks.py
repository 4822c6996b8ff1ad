"""What mkdocs is told beyond mkdocs.yml: pages that are generated, and pages that lie beside docs/."""

import re
import sys
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

sys.path.insert(0, str(Path(__file__).parent))
import columns
import drawing
import lineage
import reference

_BESIDE = {
    "README": "index",
    "CONTRIBUTING": "contributing",
    "SECURITY": "security",
    "CHANGELOG": "changelog",
}

_MERMAID = re.compile(r"```mermaid\n.*?\n```", re.DOTALL)


def on_files(files: Files, config: Any) -> Files:
    """Add the reference, the pages of the repository's root, and the style sheet."""
    style = (Path(__file__).parent / "site.css").read_text(encoding="utf-8")
    files.append(File.generated(config, "site.css", content=style))
    for name, make in reference.PAGES.items():
        files.append(File.generated(config, f"reference/{name}.md", content=make()))
    for name, page in _BESIDE.items():
        text = (reference.ROOT / f"{name}.md").read_text(encoding="utf-8")
        files.append(
            File.generated(config, f"{page}.md", content=re.sub(r'(\]\(|src(?:set)?=")docs/', r"\1", text))
        )
    return files


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Lead links to the repository's root to their pages, unlink what the site lacks, and draw the graph."""
    if _MERMAID.search(markdown):
        drawn = drawing.svg(columns.edges(lineage.sources()), "Which table's values come from which")
        markdown = _MERMAID.sub(lambda _: f'<div class="wide">{drawn}</div>', markdown)
    for name, page in _BESIDE.items():
        markdown = re.sub(rf"\]\((?:\.\./)?{name}\.md", f"]({page}.md", markdown)
    return re.sub(r"\[([^]]+)\]\((?:\.\./)?(?:notebooks|tests|src|benchmarks)/[^)]*\)", r"\1", markdown)
