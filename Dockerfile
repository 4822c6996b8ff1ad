# Build: docker build -t sparkify .
# Run:   docker run --rm -v "$PWD:/data" --user "$(id -u):$(id -g)" sparkify etl
FROM python:3.13.7-slim-bookworm AS build

WORKDIR /build
COPY requirements/pip.txt requirements/run.txt requirements/
RUN python -m venv /opt/sparkify \
    && /opt/sparkify/bin/pip install --no-cache-dir --require-hashes --only-binary :all: -r requirements/pip.txt \
    && /opt/sparkify/bin/pip install --no-cache-dir --require-hashes --only-binary :all: -r requirements/run.txt
COPY pyproject.toml README.md LICENSE ./
COPY notebooks notebooks
COPY src src
RUN /opt/sparkify/bin/pip install --no-cache-dir --no-deps --no-build-isolation . \
    && /opt/sparkify/bin/pip uninstall --yes hatchling editables pip

FROM python:3.13.7-slim-bookworm

RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin sparkify \
    && install --directory --owner sparkify --group sparkify /data
COPY --from=build /opt/sparkify /opt/sparkify
ENV PATH=/opt/sparkify/bin:$PATH PYTHONDONTWRITEBYTECODE=1
USER 10001
WORKDIR /data
# Says whether the warehouse can be opened and read. While etl writes a DuckDB file, nobody else can, unless PUBLISH is
# set. (sparkify doctor also lists the sources, which is too much for every five minutes.)
HEALTHCHECK --interval=5m --timeout=30s --start-period=5m CMD ["sparkify", "status"]
ENTRYPOINT ["sparkify"]
CMD ["--help"]
