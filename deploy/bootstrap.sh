#!/usr/bin/env bash
# Makes .venv. "core" is what the product runs on; "tools" adds what tests and lint need, Debian packages included.
# A second call with the same requirements does nothing and takes no time.
set -euo pipefail
cd "$(dirname "$0")/.."

VENV=.venv
LOG=$VENV/install.log
DEBIAN_PACKAGES=(
    postgresql chromium fonts-noto-core fonts-smc-manjari libfribidi0
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

apt_install() {
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
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
        if [[ $(id -u) == 0 ]] && command -v apt-get >/dev/null; then
            echo "Installing Debian's python3-venv"
            apt_install python3-venv
        else
            fail "$python lacks the venv module. On Debian and Ubuntu:" "    sudo apt-get install -y python3-venv"
        fi
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

# A real Bluesky server for the tests, where Node is at hand. Without it they have a loopback server only.
install_pds() {
    local source=tests/servers/pds sum
    if ! command -v npm >/dev/null || ! node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' 2>/dev/null; then
        return
    fi
    sum=$(cat $source/package.json $source/package-lock.json | cksum)
    if [[ -f $VENV/pds.stamp && $(<"$VENV/pds.stamp") == "$sum" ]]; then
        return
    fi
    echo "Installing a Bluesky server for the tests; the first time takes a minute or two"
    rm -rf "$VENV/pds"
    mkdir -p "$VENV/pds"
    cp $source/package.json $source/package-lock.json "$VENV/pds/"
    if npm ci --prefix "$VENV/pds" --no-audit --no-fund --no-progress >>"$LOG" 2>&1; then
        echo "$sum" >"$VENV/pds.stamp"
    else
        rm -rf "$VENV/pds"
        echo "It could not be installed, see $LOG; Bluesky's tests run on a loopback server." >&2
    fi
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
    if ((${#missing[@]} == 0)); then
        return
    elif [[ $(id -u) == 0 ]]; then
        echo "Installing Debian packages: ${missing[*]}"
        apt_install "${missing[@]}"
    else
        fail "The tests need Debian packages that are not installed. Run this once:" "    sudo apt-get install -y ${missing[*]}"
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
