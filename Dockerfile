# Two images of one build: `serving` (what a service needs, not more) and `demo` (trains the demo model and sends
# its traffic). PyTorch's default wheels for Linux bring CUDA; for CPU-only images name PyTorch's CPU index:
#   docker compose build --build-arg PIP_EXTRA_INDEX_URL=...

FROM python:3.11-slim-bookworm AS base
ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 PYTHONPATH=/app PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PATH=/opt/servewatch/bin:$PATH

# Dependencies first: they change seldom, so this layer is nearly always in the cache.
FROM base AS dependencies
ARG PIP_EXTRA_INDEX_URL
WORKDIR /src
COPY pyproject.toml constraints.txt ./
RUN python3 -m venv /opt/servewatch \
 && python3 -c "import tomllib; p = tomllib.load(open('pyproject.toml', 'rb'))['project']; \
      print(*p['dependencies'], *p['optional-dependencies']['torch'], sep='\n')" > requirements.txt \
 && python -m pip install --constraint constraints.txt --requirement requirements.txt hatchling

FROM dependencies AS build
COPY README.md LICENSE ./
COPY monitoring monitoring
COPY serving serving
COPY alerts alerts
COPY dashboards dashboards
COPY servewatch servewatch
RUN python -m pip install --no-deps --no-build-isolation .

# A service installs nothing, so it needs no installer.
FROM build AS slim
RUN python -m pip uninstall --yes hatchling setuptools pip

# The examples' own needs, the examples, and the model that they train.
FROM build AS demo
ENV SERVEWATCH_HOME=/var/lib/servewatch
RUN python3 -c "import tomllib; \
      p = tomllib.load(open('pyproject.toml', 'rb'))['project']; \
      print(*(n for n in p['optional-dependencies']['examples'] if 'servewatch' not in n), sep='\n')" > examples.txt \
 && python -m pip install --constraint constraints.txt --requirement examples.txt
WORKDIR /app
COPY examples examples
RUN groupadd --gid 10001 servewatch && useradd --uid 10001 --gid 10001 --no-create-home --shell /usr/sbin/nologin servewatch \
 && mkdir /data && chown 10001:10001 /data \
 && python -m examples.fashion.train && chmod -R a+rX /var/lib/servewatch
USER 10001:10001
ENTRYPOINT ["servewatch"]

FROM base AS serving
LABEL org.opencontainers.image.title="servewatch" \
      org.opencontainers.image.description="A model server that is watched from the first request" \
      org.opencontainers.image.licenses="Apache-2.0"
ENV SERVEWATCH_HOME=/var/lib/servewatch SERVEWATCH_HOST=0.0.0.0 SERVEWATCH_METRICS_HOST=0.0.0.0
RUN groupadd --gid 10001 servewatch && useradd --uid 10001 --gid 10001 --no-create-home --shell /usr/sbin/nologin servewatch \
 && mkdir /data && chown 10001:10001 /data
COPY --from=slim /opt/servewatch /opt/servewatch
COPY --from=demo /var/lib/servewatch /var/lib/servewatch
WORKDIR /app
COPY examples examples
USER 10001:10001
EXPOSE 3000 9464
HEALTHCHECK --interval=5s --timeout=3s --start-period=60s --retries=3 \
  CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:3000/readyz', timeout=2)"]
ENTRYPOINT ["servewatch"]
CMD ["serve", "examples.fashion.service:Fashion"]
