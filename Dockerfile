FROM python:3.13-slim

ENV PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONPATH=/app \
    PATH=/app:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    PAPERBOY_STATE_DIR=/var/lib/paperboy

RUN useradd --uid 10001 --home-dir /var/lib/paperboy --create-home paperboy

WORKDIR /app

# The dependencies change seldom: a layer of their own, made by the same launcher that checks them at every start.
# numpy and scipy bring tests of their own, a seventh of it all.
COPY paperboy requirements.lock ./
RUN PIP_NO_CACHE_DIR=1 ./paperboy prepare \
    && find .venv/lib/python3*/site-packages/numpy .venv/lib/python3*/site-packages/scipy -type d -name tests -prune -exec rm -r {} +

COPY LICENSE ./
COPY config config
COPY subscribers subscribers
COPY templates templates
COPY worker worker
RUN .venv/bin/python -m compileall -q config subscribers worker

USER paperboy
STOPSIGNAL SIGTERM
EXPOSE 8000
ENTRYPOINT ["paperboy"]
CMD ["--help"]
