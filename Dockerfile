# The application without its services: docker-compose.yml adds PostgreSQL and Valkey.
FROM python:3.13-slim

RUN apt-get update \
    && apt-get install --yes --no-install-recommends git openssh-client \
    && rm -rf /var/lib/apt/lists/*

WORKDIR /app
# An index of packages beside the usual one, such as that of the CPU builds of torch.
ARG PIP_EXTRA_INDEX_URL=
# Extras of pyproject.toml: the server and the runtimes that CODEINDEX_RUNTIME may name. `large` adds the language
# model of the large checkpoint, where there is no model hub to fetch it from.
ARG EXTRAS=server,gguf,gpu,onnx
# The sources are not there yet, so that this installs what they need, at the versions of the lock, and nothing else.
COPY pyproject.toml README.md requirements.lock ./
RUN pip install --no-cache-dir --constraint requirements.lock ".[${EXTRAS}]"

COPY . .
# For the command `codeindex`, which is installed without them
ENV PYTHONPATH=/app
RUN useradd --system --create-home codeindex \
    && install --directory --mode 0700 --owner codeindex /var/lib/codeindex
USER codeindex

# Models that are fetched or exported are kept beside the rest of the state, for all containers.
ENV CODEINDEX_HOME=/var/lib/codeindex XDG_CACHE_HOME=/var/lib/codeindex/cache
ENV CODEINDEX_HOST=0.0.0.0 PORT=8000 PYTHONUNBUFFERED=1
EXPOSE 8000
CMD ["python", "-m", "gunicorn", "--config", "python:codeindex.webserver", "codeindex.wsgi"]
