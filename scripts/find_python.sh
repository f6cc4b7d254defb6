#!/bin/sh
# Print the Python to use: $PYTHON if given, the one in .venv if it works, else the best of 3.13, 3.12 and 3.11.
# "Works" means that it starts (a pyenv shim may refuse to) and can make environments.
usable='import sys, venv, ensurepip, ssl, sqlite3; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))'

works() {
    "$1" -c "$usable" >/dev/null 2>&1 </dev/null
}

if [ -n "$PYTHON" ]; then
    works "$PYTHON" && printf '%s\n' "$PYTHON" && exit 0
    echo "PYTHON=$PYTHON does not start, is not 3.11, 3.12 or 3.13, or cannot make environments (venv, ensurepip)." >&2
    exit 1
fi

works .venv/bin/python && echo .venv/bin/python && exit 0

IFS=:
for name in python3.13 python3.12 python3.11 python3 python; do
    for folder in $PATH; do
        if [ -x "$folder/$name" ] && works "$folder/$name"; then
            printf '%s\n' "$folder/$name"
            exit 0
        fi
    done
done

echo "No Python 3.11, 3.12 or 3.13 that can make environments was found." >&2
echo "On Debian or Ubuntu: apt-get install python3 python3-venv. Elsewhere: install Python from python.org," >&2
echo "or name one: make run PYTHON=/path/to/python3.13" >&2
exit 1
