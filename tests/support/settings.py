"""Settings by their names, whichever class of ``sparkify.config.settings`` they belong to."""

from typing import Any

from sparkify.config.settings import Settings, compose, values_of


def settings_of(**values: Any) -> Settings:
    """Settings with these values, and the defaults of all others."""
    return compose(values)


def changed(settings: Settings, **values: Any) -> Settings:
    """The same with some other values."""
    found = settings.aws.found | settings.redshift.found
    return compose(values_of(settings) | values, found=found, warnings=settings.warnings)
