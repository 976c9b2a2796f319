"""No password and no key is committed; where a test needs one it is synthetic and listed here."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from detect_secrets import SecretsCollection
from detect_secrets.settings import transient_settings

from icdp.settings import REPOSITORY

# Those that know a secret by its form. Entropy alone cries at every digest, of which this project is full.
FORMS = [
    "ArtifactoryDetector", "AWSKeyDetector", "AzureStorageKeyDetector", "BasicAuthDetector", "CloudantDetector",
    "DiscordBotTokenDetector", "GitHubTokenDetector", "GitLabTokenDetector", "IbmCloudIamDetector", "JwtTokenDetector",
    "KeywordDetector", "MailchimpDetector", "NpmDetector", "OpenAIDetector", "PrivateKeyDetector", "PypiTokenDetector",
    "SendGridDetector", "SlackDetector", "StripeDetector", "TwilioKeyDetector",
]  # fmt: skip
# Synthetic or made up for a reader to replace.
KNOWN = {
    ("docs/runbook.md", "Basic Auth Credentials"),
    ("tests/deployment/compose.py", "Secret Keyword"),
    ("tests/distributed/topology.py", "Secret Keyword"),
    ("tests/page/airflow_home.py", "JSON Web Token"),
    ("tests/replica/test_client_manners.py", "Basic Auth Credentials"),
}


def found(root: Path, names: list[str]) -> set[tuple[str, str]]:
    secrets = SecretsCollection(root=str(root))
    with transient_settings({"plugins_used": [{"name": name} for name in FORMS]}):
        for name in names:
            secrets.scan_file(name)
    return {(name, secret.type) for name, secret in secrets}


def test_no_tracked_file_holds_a_secret() -> None:
    git = shutil.which("git")
    assert git
    listed = subprocess.run([git, "ls-files"], cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout
    names = [
        name for name in listed.splitlines() if not name.endswith((".txt", ".csv")) and (REPOSITORY / name).is_file()
    ]
    assert len(names) > 400
    assert found(REPOSITORY, names) == KNOWN


def test_a_planted_secret_is_found(tmp_path: Path) -> None:
    planted = {
        "settings.py": 'password = "' + "correct horse" * 2 + '"\n',
        "key.pem": "-----BEGIN " + "RSA PRIVATE KEY-----\n",
        "cloud.cfg": "aws = AKIA" + "ABCDEFGHIJKLMNOP\n",
    }
    for name, text in planted.items():
        (tmp_path / name).write_text(text)
    assert {name for name, _ in found(tmp_path, list(planted))} == set(planted)
