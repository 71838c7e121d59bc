# The application without its services: docker-compose.yml adds PostgreSQL and Valkey.
FROM python:3.13-slim

RUN apt-get update \
    && apt-get install --yes --no-install-recommends git openssh-client \
    && rm -rf /var/lib/apt/lists/*

WORKDIR /app
# An index of packages beside the usual one, such as that of the CPU builds of torch.
ARG PIP_EXTRA_INDEX_URL=
COPY requirements.lock ./
RUN pip install --no-cache-dir --requirement requirements.lock

COPY . .
RUN useradd --system --create-home codeindex \
    && install --directory --mode 0700 --owner codeindex /var/lib/codeindex
USER codeindex

ENV CODEINDEX_HOME=/var/lib/codeindex CODEINDEX_HOST=0.0.0.0 PORT=8000 PYTHONUNBUFFERED=1
EXPOSE 8000
CMD ["python", "-m", "gunicorn", "--config", "python:codeindex.webserver", "codeindex.wsgi"]
