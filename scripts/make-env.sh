#!/bin/sh
# Builds the virtual environment given as $1 from requirements.lock (hashes checked) and puts Yixian itself into it, editable.
set -eu
venv=$1
python=${PYTHON:-python3}
"$python" - <<'CHECK' || exit 1
import sys
if sys.version_info < (3, 11):
    sys.exit(f"Yixian needs Python 3.11 or newer; this is {sys.version.split()[0]}. Set PYTHON=/path/to/python3.11 and try again.")
CHECK
if ! [ -x "$venv/bin/python" ]; then
    if ! "$python" -m venv "$venv" 2>/dev/null; then
        rm -rf "$venv"
        # Debian and Ubuntu keep the venv module in a package of its own.
        if command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
            apt-get update -q >/dev/null && apt-get install -y -q --no-install-recommends python3-venv >/dev/null
            "$python" -m venv "$venv"
        else
            echo "Python's venv module is missing. Install it (Debian, Ubuntu: sudo apt-get install python3-venv) and run this again." >&2
            exit 1
        fi
    fi
fi
echo "Installing the locked dependencies (one to three minutes the first time) ..."
"$venv/bin/python" -m pip install -q --disable-pip-version-check --require-hashes -r requirements.lock
"$venv/bin/python" -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
