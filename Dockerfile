# The service in an image: no compiler, no root, nothing written but under /tmp.
#   docker build -t sikap .
#   docker run --read-only --tmpfs /tmp -p 3000:3000 -v "$PWD/keys:/run/secrets/sikap:ro" sikap
FROM python:3.11-slim AS packages
COPY requirements/serve.lock /
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir --require-hashes --no-deps -r /serve.lock

FROM python:3.11-slim
COPY --from=packages /venv /venv
WORKDIR /app
COPY labels/ labels/
COPY models/ models/
COPY serving/ serving/
COPY sikap/ sikap/
ENV PATH=/venv/bin:$PATH \
    PYTHONPATH=/app \
    PYTHONUNBUFFERED=1 \
    BENTOML_HOME=/tmp/sikap \
    BENTOML_DO_NOT_TRACK=true
# Byte code is made now, since the root is read-only later.
RUN python -m compileall -q labels models serving sikap && python -c 'import serving.service' \
    && rm -rf /tmp/sikap
# Named only now: the service refuses a file of keys that is not there, and there is none while the image is built.
ENV SIKAP_LOG=json \
    SIKAP_KEYS_FILE=/run/secrets/sikap
USER 10001:10001
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:3000/readyz', timeout=2)"]
CMD ["python", "-m", "sikap", "serve", "--host", "0.0.0.0"]
