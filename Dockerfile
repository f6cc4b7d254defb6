# One image for every service; docker-compose.yml says which command each runs.
FROM python:3.13-slim

# The sandbox, its filter, and a Python that the sandbox can show to tools.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends bubblewrap libseccomp2 python3 util-linux \
    && rm -rf /var/lib/apt/lists/*

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PATH=/app/.venv/bin:$PATH \
    TQ_DATA_DIR=/data TQ_STATIC_DIR=/app/static

WORKDIR /app
COPY requirements.lock ./
COPY scripts scripts
RUN python scripts/install.py requirements.lock && rm -rf /root/.cache

COPY . .
RUN useradd --uid 10001 --home-dir /data --create-home --shell /usr/sbin/nologin tq \
    && TQ_DATA_DIR=/tmp/build TQ_PRODUCTION=1 TQ_SECRET_KEY=only-while-building TQ_ALLOWED_HOSTS=localhost \
       python manage.py collectstatic --no-input --verbosity 0 --skip-checks \
    && rm -rf /tmp/build

USER tq
VOLUME /data
EXPOSE 8000
CMD ["gunicorn", "config.wsgi", "--bind=0.0.0.0:8000", "--workers=2", "--threads=8", "--worker-tmp-dir=/dev/shm", \
     "--no-control-socket", "--max-requests=5000", "--max-requests-jitter=500"]
