# syntax=docker/dockerfile:1
# One image for every service: `docker run huoqun gateway`, `worker`, `sink`, `provision`, `migrate` …
FROM python:3.13.9-slim-trixie AS build
WORKDIR /src
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
# Dependencies first: they change less often than the code, and stay in their own layer.
COPY pyproject.toml README.md LICENSE ./
RUN python -m venv /opt/huoqun \
 && python -c "import tomllib; print(*tomllib.load(open('pyproject.toml', 'rb'))['project']['dependencies'], sep='\n')" \
    > /tmp/requirements.txt \
 && /opt/huoqun/bin/pip install --requirement /tmp/requirements.txt
COPY huoqun huoqun
COPY producers producers
COPY streams streams
COPY sinks sinks
COPY dashboards dashboards
COPY training training
# The compiler is needed in this stage only; which version makes no difference to what runs.
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install --yes --no-install-recommends gcc libc6-dev \
 && rm -rf /var/lib/apt/lists/*
RUN /opt/huoqun/bin/pip install --no-deps . \
 && python -m venv --system-site-packages /opt/compile \
 && /opt/compile/bin/pip install "mypy>=2.4,<3" "setuptools>=77" \
 && PYTHONPATH="$(echo /opt/huoqun/lib/python3*/site-packages)" /opt/compile/bin/python -m streams.compile \
 && /opt/huoqun/bin/python -m compileall -q /opt/huoqun/lib \
 && /opt/huoqun/bin/pip uninstall --yes pip

FROM python:3.13.9-slim-trixie
RUN groupadd --system --gid 10001 huoqun \
 && useradd --system --uid 10001 --gid huoqun --home-dir /data --shell /usr/sbin/nologin huoqun \
 && install --directory --owner huoqun --group huoqun /data
COPY --from=build /opt/huoqun /opt/huoqun
ENV PATH=/opt/huoqun/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    HUOQUN_DATA_DIR=/data \
    HUOQUN_GATEWAY_HOST=0.0.0.0 \
    HUOQUN_WORKER_METRICS_HOST=0.0.0.0 \
    HUOQUN_SINK_METRICS_HOST=0.0.0.0 \
    HUOQUN_NOTIFY_METRICS_HOST=0.0.0.0 \
    HUOQUN_STORE_KIND=clickhouse \
    HEALTH_URL=http://127.0.0.1:8080/healthz
WORKDIR /data
USER 10001:10001
VOLUME /data
EXPOSE 8080 9101 9102 9103
# HEALTH_URL is the gateway's; the worker answers on 9101, the sink on 9102, the notifier on 9103 (see docker-compose.yml).
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 CMD ["python", "-m", "huoqun.local.probe"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["huoqun"]
CMD ["--help"]
