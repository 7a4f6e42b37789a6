"""One city and one browser for all browser tests; without `--browser` they are skipped."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.city import City, running_city
from tests.browser.driving import Driver, driver


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--browser", action="store_true", help="run the tests that drive a real browser")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    skipped = pytest.mark.skip(reason="only with --browser (make test-browser)")
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)
            if not config.getoption("--browser", False):
                item.add_marker(skipped)


@pytest.fixture(scope="session")
def real_city() -> Iterator[City]:
    with running_city(contacts=30) as city:
        yield city


@pytest.fixture(scope="session")
def browser(real_city: City) -> Iterator[Driver]:
    with driver(real_city) as opened:
        yield opened
