# Image of segue for amd64 and arm64:
#   docker buildx build --platform linux/amd64,linux/arm64 --tag segue .
# `tools/dockerfile_steps.py` runs these steps in an empty directory, without Docker.

FROM node:22-slim AS page
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
RUN npm ci --no-audit --no-fund

FROM python:3.13-slim AS build
WORKDIR /src
COPY . .
COPY --from=page /src/node_modules node_modules
RUN python -m venv /opt/segue
RUN /opt/segue/bin/python -m pip install --no-cache-dir --only-binary :all: --constraint constraints.txt "setuptools>=77"
RUN /opt/segue/bin/python -m pip install --no-cache-dir --no-build-isolation --constraint constraints.txt .

FROM python:3.13-slim
COPY --from=build /opt/segue /opt/segue
RUN install --directory --owner=1000 --group=1000 --mode=700 /data && install --directory /music
ENV PATH=/opt/segue/bin:$PATH HOME=/data MPLCONFIGDIR=/tmp SEGUE_LIBRARY=/data/library
USER 1000:1000
VOLUME /data
EXPOSE 8765
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8765/healthz', timeout=8)"]
ENTRYPOINT ["segue"]
CMD ["serve", "--host", "0.0.0.0", "--music-root", "/music"]
