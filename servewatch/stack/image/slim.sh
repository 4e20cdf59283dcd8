#!/bin/sh
# Takes out of an image what a running service never needs. Licences and the lists of what is installed stay.
#   slim.sh packages   the virtual environment, after writing its bill of materials
#   slim.sh system     Debian and Python themselves
set -eu

packages() {
  cd /opt/servewatch
  bin/python -m servewatch sbom --output sbom.cdx.json
  bin/python -m pip uninstall --yes --quiet setuptools pip
  cd lib/python3*/site-packages
  find . -type d \( -name tests -o -name test \) -prune -exec rm -rf {} +
  # Nothing here compiles: torch's headers, its tools and its static libraries are for those who build extensions.
  rm -rf torch/include torch/share torch/lib/*.a
  [ ! -d torch/bin ] || find torch/bin -type f ! -name torch_shm_manager -delete
  find . -name '*.pyi' -delete
}

system() {
  find /usr/share/doc -type f ! -name copyright -delete
  rm -rf /usr/share/man /usr/share/info /usr/share/locale /usr/share/i18n /usr/share/lintian /usr/share/perl* \
    /usr/share/bash-completion /usr/share/gcc /usr/share/gdb /usr/share/python-wheels /usr/share/debconf
  rm -rf /var/lib/apt /var/cache/* /var/log/* /var/lib/dpkg/info /root/.cache
  rm -rf /usr/bin/perl* /usr/bin/apt* /usr/bin/dpkg* /usr/lib/apt /usr/lib/*-linux-gnu/perl* /usr/lib/*-linux-gnu/gconv \
    /usr/lib/gcc /usr/lib/git-core /usr/bin/gcc* /usr/bin/*-linux-gnu-*
  for python in /usr/lib/python3* /usr/local/lib/python3*; do
    for unused in ensurepip idlelib lib2to3 test turtledemo pydoc_data tkinter config-3*; do
      rm -rf "$python"/$unused
    done
    for packages in "$python/dist-packages" "$python/site-packages"; do
      rm -rf "$packages"/pip* "$packages"/setuptools* "$packages"/wheel* "$packages"/pkg_resources \
        "$packages"/_distutils_hack "$packages"/distutils-precedence.pth
    done
    find "$python" -name __pycache__ -prune -exec rm -rf {} + 2>/dev/null || true
  done
  # Wheels that pip was pointed to have been installed by now.
  rm -rf /usr/bin/pip* /usr/local/bin/pip* /slim.sh ${PIP_FIND_LINKS:+"$PIP_FIND_LINKS"}
}

"$1"
