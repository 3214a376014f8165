"""How Sphinx makes the site of these pages: `make docs` writes site/, without network."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "workflow" / "scripts"), str(Path(__file__).parent / "_ext")]

import druggene  # noqa: E402

project = "DrugGene"
author = "The DrugGene workflow maintainers"
version = release = druggene.__version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
    "from_code",
]
myst_heading_anchors = 3
# Fences without a language are shell commands and drawings.
highlight_language = "none"

# What one module alone needs, and this environment lacks.
autodoc_mock_imports = ["drevalpy"]
autodoc_default_options = {"members": True, "undoc-members": True}
autodoc_inherit_docstrings = False
add_module_names = False
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 80
napoleon_google_docstring = False
napoleon_use_rtype = False
napoleon_use_ivar = True

html_theme = "pydata_sphinx_theme"
html_title = "DrugGene"
html_static_path = ["_static"]
html_css_files = ["druggene.css"]
html_copy_source = False
html_show_sourcelink = False
html_sidebars = {"index": [], "tutorial": []}
html_theme_options = {
    "logo": {"text": "DrugGene"},
    "navbar_align": "left",
    "show_prev_next": True,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
    "show_toc_level": 2,
    "navigation_with_keys": False,
}
copyright = "the DrugGene workflow maintainers, Apache License 2.0"
