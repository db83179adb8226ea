# syntax=docker/dockerfile:1
# The worker. Build: docker build -t switchboard .   Run: docker run --env-file .env -v switchboard:/data switchboard
# SIGTERM lets running calls end first, so give it time: docker stop --time 3600 (as long as SWITCHBOARD_DRAIN_TIMEOUT).

FROM python:3.13-slim-bookworm AS build
COPY --from=ghcr.io/astral-sh/uv:0.13.8 /uv /usr/local/bin/uv
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never UV_CACHE_DIR=/var/cache/uv HF_HOME=/app/.models
WORKDIR /app

# The packages in a layer of their own: a changed prompt does not install them again. No `offline` extra: what
# stands in for the providers is for demonstrations and under the GPL.
COPY pyproject.toml uv.lock ./
RUN --mount=type=cache,target=/var/cache/uv uv sync --locked --no-dev --no-install-project

# What the plug-ins would otherwise fetch during the first call. (Those of the shipped table bring it along.)
RUN mkdir -p "$HF_HOME" && .venv/bin/python -m livekit.agents download-files

# Editable, and at the same path in both stages: code, prompts and table stay files of /app to read and mount over.
COPY . .
RUN --mount=type=cache,target=/var/cache/uv uv sync --locked --no-dev

# A table with a mistake ends the build, not the first start.
RUN .venv/bin/switchboard check


FROM python:3.13-slim-bookworm
RUN useradd --uid 10001 --no-create-home switchboard && install -d -o 10001 /data /var/cache/switchboard
COPY --from=build /app /app
WORKDIR /app
ENV PATH=/app/.venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 HF_HOME=/app/.models HF_HUB_OFFLINE=1

# What must be kept, unless DATABASE_URL is PostgreSQL's: customers and records of calls.
ENV DATABASE_URL=sqlite+aiosqlite:////data/switchboard.sqlite3 SWITCHBOARD_SPOOL=/data/spool SHOP_DIARY=/data/diary.sqlite3
VOLUME /data
USER 10001

# What is made once: the table of areas. Greetings join it as they are spoken for the first time.
ENV SWITCHBOARD_CACHE=/var/cache/switchboard
RUN switchboard prepare

# Healthy once registered with LiveKit, and not before.
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=2 CMD ["switchboard", "health"]
STOPSIGNAL SIGTERM
CMD ["switchboard", "start"]
