"""What is installed on demand: which packages each extra of pyproject.toml brings."""

PACKAGES = {
    "excel": "xlsxwriter",
    "iceberg": "pyiceberg sqlalchemy boto3",
    "redshift": "boto3 redshift-connector sqlglot",
    "shell": "prompt-toolkit",
}


def how_to_install(extra: str) -> str:
    """The hint for whoever lacks the packages of an extra, in a clone or beside a wheel."""
    packages = PACKAGES[extra]
    return f"install it: make {extra}, or beside a wheel: pip install {packages}"
