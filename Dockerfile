# One image for every role: `audioprep worker`, `audioprep bridge`, `audioprep serve`, and the commands.

# By tag; docs/security.md says how to pin it by digest.
ARG PYTHON_IMAGE=python:3.12-slim-bookworm

FROM ${PYTHON_IMAGE} AS build
COPY scripts/uv.txt /tmp/uv.txt
RUN pip install --no-cache-dir --root-user-action=ignore --require-hashes --only-binary=:all: --requirement /tmp/uv.txt
ENV UV_PROJECT_ENVIRONMENT=/opt/audioprep \
    UV_PYTHON_DOWNLOADS=never \
    UV_LINK_MODE=copy \
    UV_COMPILE_BYTECODE=1 \
    UV_NO_CACHE=1
WORKDIR /src
# The libraries alone first: they change less often than we do.
COPY pyproject.toml uv.lock ./
RUN uv sync --frozen --no-dev --no-install-project
COPY . .
RUN uv sync --frozen --no-dev --no-editable
# Sites change faster than we do: the newest yt-dlp at the time of the build, a version by number, or `locked`.
ARG YTDLP_VERSION=
RUN test "${YTDLP_VERSION}" = locked \
    || uv pip install --python /opt/audioprep/bin/python --upgrade-package yt-dlp \
       "yt-dlp[default,deno,curl-cffi]${YTDLP_VERSION:+==${YTDLP_VERSION}}"
# Plugins of yt-dlp, by name and version, for AUDIOPREP_YTDLP_PLUGINS=/opt/ytdlp-plugins: docs/youtube.md.
ARG YTDLP_PLUGINS=
RUN mkdir -p /opt/ytdlp-plugins \
    && test -z "${YTDLP_PLUGINS}" \
    || uv pip install --no-deps --target /opt/ytdlp-plugins/installed ${YTDLP_PLUGINS}
# Pygments' module for Sphinx, which is not here: a search for Sphinx in the image shall find nothing.
RUN find /opt/audioprep -name 'sphinx*' -delete

FROM ${PYTHON_IMAGE}
# setpriv, by which children die with their worker, is in util-linux: named, for it must not go missing.
# Mesa's drivers and LLVM come with ffmpeg's video output to a screen, are loaded only by it, and are 150 MB.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ffmpeg tini util-linux \
    && dpkg --purge --force-depends libgl1-mesa-dri libllvm15 libz3-4 \
    && apt-get clean \
    && rm -rf /var/lib/apt/lists/* /var/log/apt /var/log/dpkg.log \
    && pip uninstall --yes --root-user-action=ignore pip \
    && ffmpeg -version && setpriv --version
RUN useradd --uid 10001 --user-group --no-create-home --home-dir /work --shell /usr/sbin/nologin audioprep \
    && install --directory --owner=audioprep --group=audioprep /work
COPY --from=build /opt/audioprep /opt/audioprep
COPY --from=build /opt/ytdlp-plugins /opt/ytdlp-plugins
# The only folder anything is written to; as a volume it stays writable under a read-only root.
ENV PATH=/opt/audioprep/bin:$PATH \
    HOME=/work \
    TMPDIR=/work \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    AUDIOPREP_WORK_DIR=/work \
    AUDIOPREP_HTTP_HOST=0.0.0.0 \
    AUDIOPREP_LOG_FORMAT=json
WORKDIR /work
VOLUME /work
USER audioprep
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=3 CMD ["python", "-m", "audioprep.service.healthcheck"]
ENTRYPOINT ["tini", "--", "audioprep"]
CMD ["serve"]

ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title="audioprep" \
      org.opencontainers.image.description="Audio jobs from a Turso table, run as durable Temporal workflows" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
