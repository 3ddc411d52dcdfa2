#!/usr/bin/env bash
# The training engine's tests on an emulated aarch64 processor: is it right there, where it cannot be timed?
#
#   apt-get install qemu-user g++-aarch64-linux-gnu
#   dpkg --add-architecture arm64 && apt-get update
#   benchmarks/aarch64_tests.sh results/aarch64 tests/training/test_native_gradients.py
#
# Python is Debian 12's for arm64 and PyTorch the wheel for aarch64, both in the folder and nowhere else
# (2 GB); the engine is compiled by the cross compiler. PyTorch 2.8.0: a wheel that needs no CUDA. Tests that train
# PyTorch in fp32 end with an illegal instruction in qemu 7.2: take those of gradients, which it computes in fp64.
set -euo pipefail
folder=$(realpath -m "$1")
shift
root=$folder/root
site=$folder/site

if [ ! -d "$site/torch" ]; then
  mkdir -p "$root" "$site" "$folder/debs"
  (cd "$folder/debs" && apt-get download {python3.11-minimal,libpython3.11-minimal,libpython3.11-stdlib}:arm64 \
    {python3.11,libc6,libgcc-s1,libstdc++6,libgomp1,libexpat1,zlib1g,libssl3,libffi8,libbz2-1.0}:arm64 \
    {liblzma5,libsqlite3-0,libuuid1,libcrypt1,libreadline8,libncursesw6,libtinfo6,libdb5.3}:arm64)
  for package in "$folder"/debs/*.deb; do dpkg -x "$package" "$root"; done
  # Dependencies by name: pip would take those of this machine's processor.
  python3 -m pip install --target "$site" --no-deps --only-binary=:all: --python-version 311 --implementation cp \
    --platform manylinux_2_28_aarch64 --platform manylinux_2_27_aarch64 --platform manylinux_2_24_aarch64 \
    --platform manylinux_2_17_aarch64 --platform manylinux2014_aarch64 --platform any \
    torch==2.8.0 filelock typing_extensions sympy mpmath networkx jinja2 markupsafe fsspec \
    numpy pandas pytz tzdata python-dateutil six pyarrow pillow pyyaml \
    pytest pluggy iniconfig packaging pygments hypothesis sortedcontainers attrs
fi

# What the engine's builder calls; the cross compiler knows no "native" processor.
cat > "$folder/c++" << 'EOF'
#!/usr/bin/env bash
exec aarch64-linux-gnu-g++ "${@/#-march=native/-march=armv8-a}"
EOF
chmod +x "$folder/c++"

cd "$(dirname "${BASH_SOURCE[0]}")/.."
export PYTHONPATH=$site:src:tests CXX=$folder/c++ NASFORGE_CACHE_DIR=$folder/cache OMP_NUM_THREADS=1
export PYTHONDONTWRITEBYTECODE=1
exec qemu-aarch64 -L "$root" "$root/usr/bin/python3.11" -m pytest -q -p no:cacheprovider -W ignore \
  -c /dev/null --rootdir . "$@"
