# Sourced by the scripts: which Debian packages they need (bookworm and trixie name them alike), and how the missing ones are
# installed. A line is "package command": the package is there if the command is, whoever installed it; without a command,
# dpkg is asked.

packages_build='
g++ g++
cmake cmake
ninja-build ninja
ccache ccache
mold mold
pkg-config pkg-config
protobuf-compiler protoc
libprotobuf-dev
libgrpc++-dev
protobuf-compiler-grpc grpc_cpp_plugin
libsodium-dev
libssl-dev
libeigen3-dev
libcxxopts-dev
nlohmann-json3-dev
zlib1g-dev
libopenblas0-pthread
libtorch-dev
libsqlite3-dev
libsqlitecpp-dev
libtomlplusplus-dev
libspdlog-dev
catch2
'
packages_fuzz='
clang clang++
libclang-rt-dev
'
packages_format='
clang-format clang-format
'

is_installed() {  # package [command]
  if [[ $# -gt 1 ]]; then
    command -v "$2" > /dev/null
  else
    [[ $(dpkg-query -W -f '${Status}' "$1" 2> /dev/null) == 'install ok installed' ]]
  fi
}

# ensure_packages "$packages_build" …: installs what is missing, and does nothing at all when nothing is.
ensure_packages() {
  local missing=() words
  while read -r -a words; do
    [[ ${#words[@]} -eq 0 ]] || is_installed "${words[@]}" || missing+=("${words[0]}")
  done <<< "$*"
  [[ ${#missing[@]} -gt 0 ]] || return 0
  if ! command -v apt-get > /dev/null; then
    echo "These packages are missing, and there is no apt-get to install them: ${missing[*]}" >&2
    return 1
  fi
  local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0)
  [[ $(id -u) -eq 0 ]] || apt=(sudo "${apt[@]}")
  echo "Installing ${missing[*]}" >&2
  "${apt[@]}" update > /dev/null
  "${apt[@]}" install -y --no-install-recommends "${missing[@]}" > /dev/null
}
