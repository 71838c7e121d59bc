# The application without its services: docker-compose.yml adds PostgreSQL, Valkey and the proxy.

# Renew it for security updates: `docker buildx imagetools inspect python:3.13-slim-trixie` names the newest one.
ARG PYTHON=python:3.13.15-slim-trixie@sha256:7c61056e61ac89e852de05f3dc6fa51a6dd2181797bceed46aa725dd7cb2cd3b

FROM ${PYTHON} AS packages
# An index of packages beside the usual one. This one has the CPU builds of torch, which pip prefers to those with CUDA;
# where it is empty, pip takes the build for NVIDIA's GPUs.
ARG PIP_EXTRA_INDEX_URL=https://download.pytorch.org/whl/cpu
# Extras of pyproject.toml: the server and the runtimes that CODEINDEX_RUNTIME may name. `gpu` adds those of GPUs, and
# `large` the language model of the large checkpoint, where there is no model hub to fetch it from.
ARG EXTRAS=server,gguf,onnx
WORKDIR /app
# The sources are not there yet, so that this installs what they need, at the versions of the lock, and nothing else.
COPY pyproject.toml README.md requirements.lock ./
RUN python -m venv --without-pip /opt/codeindex \
    && pip --python /opt/codeindex/bin/python install --no-cache-dir --constraint requirements.lock ".[${EXTRAS}]"
COPY deploy/image/slim.py /tmp/
COPY embeddings/code/languages /tmp/languages
RUN python /tmp/slim.py /opt/codeindex/lib/python3.*/site-packages /tmp/languages

FROM ${PYTHON}
RUN apt-get update \
    && apt-get install --yes --no-install-recommends git openssh-client \
    && rm -rf /var/lib/apt/lists/* \
    && pip uninstall --yes --root-user-action ignore pip \
    && useradd --system --uid 999 --create-home codeindex \
    && install --directory --mode 0700 --owner codeindex /var/lib/codeindex
COPY --from=packages /opt/codeindex /opt/codeindex
COPY . /app
# The file system is read-only where it runs.
RUN python -m compileall -q /app
WORKDIR /app
USER codeindex

ENV PATH=/opt/codeindex/bin:$PATH PYTHONPATH=/app PYTHONUNBUFFERED=1
# Models that are fetched or exported are kept beside the rest of the state, for all containers.
ENV CODEINDEX_HOME=/var/lib/codeindex XDG_CACHE_HOME=/var/lib/codeindex/cache
ENV CODEINDEX_HOST=0.0.0.0 PORT=8000
EXPOSE 8000
# Of the web server. A worker or beat that cannot work ends by itself.
HEALTHCHECK --interval=10s --timeout=5s --start-period=120s --start-interval=2s \
    CMD ["python", "-I", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
CMD ["python", "-m", "gunicorn", "--config", "python:codeindex.webserver", "codeindex.wsgi"]
