"""Makes a container image of a bundle: its Dockerfile is written into the bundle, where it can be read and changed."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

from servewatch.stack.errors import StackError, ToolMissing
from serving.bundle import MODELS, PACKAGES, REQUIREMENTS, SOURCES, Bundle, read

FILE, SLIM = "Dockerfile", "slim.sh"
USER = 10001


def dockerfile(bundle: Bundle) -> str:
    """The image of a bundle: no installer, no shell history, nobody's root; Debian and Python made small."""
    base = f"python:{bundle.python}-slim-bookworm"
    packages = f"/opt/servewatch/lib/python{bundle.python}/site-packages/"
    title, user = f"{bundle.name}", f"{USER}:{USER}"
    return f"""# Written by `servewatch containerize` where there is none: changes stay.
FROM {base} AS environment
ARG PIP_EXTRA_INDEX_URL
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python3 -m venv /opt/servewatch
COPY {REQUIREMENTS} {SLIM} /
RUN /opt/servewatch/bin/python -m pip install --requirement /{REQUIREMENTS}
COPY {PACKAGES} {packages}
RUN sh /{SLIM} packages

FROM {base} AS system
COPY {SLIM} /{SLIM}
RUN groupadd --gid {USER} servewatch \\
 && useradd --uid {USER} --gid {USER} --no-create-home --shell /usr/sbin/nologin servewatch && sh /{SLIM} system

FROM scratch
COPY --from=system / /
ENV PATH=/opt/servewatch/bin:/usr/local/bin:/usr/bin:/bin LANG=C.UTF-8 PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 \\
    PYTHONPATH=/app SERVEWATCH_HOME=/var/lib/servewatch SERVEWATCH_HOST=0.0.0.0 SERVEWATCH_METRICS_HOST=0.0.0.0
COPY --from=environment /opt/servewatch /opt/servewatch
COPY {MODELS} /var/lib/servewatch/models
COPY {SOURCES} /app
LABEL org.opencontainers.image.title="{title}" \\
      org.opencontainers.image.version="{bundle.version}" \\
      org.opencontainers.image.created="{bundle.created}" \\
      org.opencontainers.image.base.name="docker.io/library/{base}"
WORKDIR /app
USER {user}
EXPOSE 3000 9464
HEALTHCHECK --interval=5s --timeout=3s --start-period=60s --retries=3 \\
  CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:3000/readyz', timeout=2)"]
ENTRYPOINT ["python", "-m", "servewatch"]
CMD ["serve", "{bundle.target}"]
"""


def prepare(folder: Path) -> Bundle:
    """Write what building needs into the bundle; a Dockerfile that is there stays as it is."""
    bundle = read(folder)
    slim = files("servewatch") / "stack" / "image" / SLIM
    (folder / SLIM).write_text(slim.read_text())
    if not (folder / FILE).is_file():
        (folder / FILE).write_text(dockerfile(bundle))
    return bundle


def build(folder: Path, tag: str | None, arguments: tuple[str, ...], say: Callable[[str], None]) -> str:
    """Build the image with the container engine of this machine; answers its tag."""
    bundle = prepare(folder)
    if not shutil.which("docker"):
        raise ToolMissing(
            "docker is not on PATH, so no image can be built here",
            f"{folder / FILE} is written: build it where an engine is, docker build -t {tag or bundle.tag} {folder}",
        )
    tag = tag or bundle.tag
    say(f"building {tag} of {folder} (the first time takes minutes)")
    given = [word for argument in arguments for word in ("--build-arg", argument)]
    if subprocess.run(["docker", "build", "--tag", tag, *given, str(folder)]).returncode != 0:
        raise StackError(f"docker build of {folder} failed, see above", f"its steps are in {folder / FILE}")
    return tag
