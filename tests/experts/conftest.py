from tests.scoring.conftest import examples, square  # noqa: F401 - fixtures
