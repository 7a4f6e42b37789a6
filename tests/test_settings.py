"""Settings come from the environment and one file; what cannot be meant is refused before anything starts."""

from __future__ import annotations

from pathlib import Path

import pytest

from yixian.settings import SettingsError, load


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "yixian.toml"
    file.write_text('port = 9000\npublic_url = "https://hotline.test"\n')
    settings = load({"YIXIAN_CONFIG": str(file), "YIXIAN_HOME": str(tmp_path), "YIXIAN_PORT": "9001", "HOME": "/"})
    assert (settings.port, settings.public_url, settings.home) == (9001, "https://hotline.test", tmp_path)


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"YIXIAN_SECURE_COOKIE": "false"}, "did you mean YIXIAN_SECURE_COOKIES?"),
        ({"YIXIAN_ZZZ": "1"}, "YIXIAN_ZZZ is no setting"),
        ({"YIXIAN_PORT": "eighty"}, "port"),
        ({"YIXIAN_SMS": "pigeon"}, "sms"),
        ({"YIXIAN_CONFIG": "/nowhere/yixian.toml"}, "cannot be read"),
    ],
)
def test_what_cannot_be_meant_is_refused_and_named(environment: dict[str, str], said: str) -> None:
    with pytest.raises(SettingsError, match=said.replace("?", r"\?")):
        load(environment)


def test_an_unknown_setting_in_the_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "yixian.toml"
    file.write_text("second_facter = false\n")
    with pytest.raises(SettingsError, match="second_facter"):
        load({"YIXIAN_CONFIG": str(file)})
