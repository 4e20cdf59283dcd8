# The images of one build, by target:
#   serving  what runs a service: the demo's here, with PyTorch; nothing can be installed or built in it
#   slim     the same without PyTorch and without a model, for services that need neither
#   demo     trains the demo's model, sends its traffic, receives its notifications
#   gateway  the one door to the replicas
# PyTorch's default wheels for Linux bring CUDA; for CPU-only images name PyTorch's CPU index:
#   docker compose build --build-arg PIP_EXTRA_INDEX_URL=...

FROM python:3.11-slim-bookworm AS base
ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PATH=/opt/servewatch/bin:$PATH

# Dependencies first: they change seldom, so these layers are nearly always in the cache.
FROM base AS dependencies
ARG PIP_EXTRA_INDEX_URL
WORKDIR /src
COPY pyproject.toml constraints.txt ./
RUN python3 -m venv /opt/servewatch \
 && python3 -c "import tomllib; p = tomllib.load(open('pyproject.toml', 'rb'))['project']; \
      print(*p['dependencies'], *p['optional-dependencies']['tracing'], sep='\n')" > requirements.txt \
 && python -m pip install --constraint constraints.txt --requirement requirements.txt

FROM dependencies AS torch
RUN python3 -c "import tomllib; p = tomllib.load(open('pyproject.toml', 'rb'))['project']['optional-dependencies']; \
      print(*p['torch'], *p['gpu'], sep='\n')" > torch.txt \
 && python -m pip install --constraint constraints.txt --requirement torch.txt

FROM dependencies AS wheel
RUN python -m pip install --constraint constraints.txt hatchling
COPY README.md LICENSE ./
COPY monitoring monitoring
COPY serving serving
COPY alerts alerts
COPY dashboards dashboards
COPY servewatch servewatch
RUN python -m pip wheel --no-deps --no-build-isolation --wheel-dir /wheels .

# The examples' own needs, the examples, and the model that they train.
FROM torch AS trained
RUN python3 -c "import tomllib; \
      p = tomllib.load(open('pyproject.toml', 'rb'))['project']; \
      print(*(n for n in p['optional-dependencies']['examples'] if 'servewatch' not in n), sep='\n')" > examples.txt \
 && python -m pip install --constraint constraints.txt --requirement examples.txt
COPY --from=wheel /wheels /wheels
RUN python -m pip install --no-deps /wheels/*.whl
WORKDIR /app
COPY examples examples
ENV SERVEWATCH_HOME=/var/lib/servewatch
# One thread: it is a small model, and where processors are shared two wait for each other.
RUN OMP_NUM_THREADS=1 python -m examples.fashion.train && chmod -R a+rX /var/lib/servewatch

# A service installs nothing and builds nothing, so it gets no installer, no headers and no tests.
FROM dependencies AS without-torch
COPY --from=wheel /wheels /wheels
COPY servewatch/stack/image/slim.sh /slim.sh
RUN python -m pip install --no-deps /wheels/*.whl && sh /slim.sh packages

FROM torch AS with-torch
COPY --from=wheel /wheels /wheels
COPY servewatch/stack/image/slim.sh /slim.sh
RUN python -m pip install --no-deps /wheels/*.whl && sh /slim.sh packages

# The system alone, made small, as one layer: what a later layer deletes is still shipped.
FROM base AS system
COPY servewatch/stack/image/slim.sh /slim.sh
RUN groupadd --gid 10001 servewatch && useradd --uid 10001 --gid 10001 --no-create-home --shell /usr/sbin/nologin servewatch \
 && mkdir -p /data /app /var/lib/servewatch && chown 10001:10001 /data && sh /slim.sh system

FROM scratch AS runtime
COPY --from=system / /
ENV PATH=/opt/servewatch/bin:/usr/local/bin:/usr/bin:/bin LANG=C.UTF-8 PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 \
    PYTHONPATH=/app SERVEWATCH_HOME=/var/lib/servewatch SERVEWATCH_HOST=0.0.0.0 SERVEWATCH_METRICS_HOST=0.0.0.0
ARG VERSION=0.1.0
LABEL org.opencontainers.image.title="servewatch" \
      org.opencontainers.image.description="A model server that is watched from the first request" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.url="https://github.com/servewatch/servewatch" \
      org.opencontainers.image.source="https://github.com/servewatch/servewatch" \
      org.opencontainers.image.documentation="https://github.com/servewatch/servewatch#readme" \
      org.opencontainers.image.base.name="docker.io/library/python:3.11-slim-bookworm"
WORKDIR /app
USER 10001:10001
EXPOSE 3000 9464
HEALTHCHECK --interval=5s --timeout=3s --start-period=60s --retries=3 \
  CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:3000/readyz', timeout=2)"]
ENTRYPOINT ["servewatch"]

FROM runtime AS slim
COPY --from=without-torch /opt/servewatch /opt/servewatch
ARG REVISION=""
LABEL org.opencontainers.image.revision="$REVISION"

FROM runtime AS serving
COPY --from=with-torch /opt/servewatch /opt/servewatch
COPY --from=trained /var/lib/servewatch /var/lib/servewatch
COPY examples examples
CMD ["serve", "examples.fashion.service:Fashion"]
ARG REVISION=""
LABEL org.opencontainers.image.revision="$REVISION"

FROM runtime AS demo
COPY --from=trained /opt/servewatch /opt/servewatch
COPY --from=trained /var/lib/servewatch /var/lib/servewatch
COPY examples examples
HEALTHCHECK NONE

FROM base AS door
COPY servewatch/stack/image/slim.sh /slim.sh
RUN apt-get update && apt-get install --yes --no-install-recommends haproxy && sh /slim.sh system \
 && rm -rf /usr/lib/python3* /usr/local/lib/python3* /usr/bin/python3* /usr/local/bin/python* /usr/local/bin/pip*

FROM scratch AS gateway
COPY --from=door / /
ENV PATH=/usr/sbin:/usr/bin:/bin
LABEL org.opencontainers.image.title="servewatch gateway" \
      org.opencontainers.image.description="Sends each request to a replica that is ready" \
      org.opencontainers.image.licenses="GPL-2.0-or-later" \
      org.opencontainers.image.source="https://github.com/servewatch/servewatch"
COPY servewatch/stack/gateway/haproxy.cfg /etc/servewatch/haproxy.cfg
USER 10001:10001
EXPOSE 3000
STOPSIGNAL SIGUSR1
HEALTHCHECK --interval=5s --timeout=3s --retries=5 CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/3000"]
ENTRYPOINT ["haproxy"]
CMD ["-db", "-f", "/etc/servewatch/haproxy.cfg"]
