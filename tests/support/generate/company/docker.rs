//! Images: two of each service, one that it runs in and one that does what is done beside it.

use super::Template;

/// By service.
pub(super) const IMAGES: [&[Template]; 3] = [&[GO, MIGRATION], &[NODE, STATIC], &[PYTHON, BACKUP]];

const GO: Template = Template {
    path: "services/@product@/@service@/Dockerfile",
    text: r#"# syntax=docker/dockerfile:1.7
FROM golang:1.25.3-bookworm@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08 AS build

WORKDIR /src

COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod go mod download

COPY . .
ARG VERSION=dev
RUN --mount=type=cache,target=/root/.cache/go-build \
    CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=${VERSION}" -o /out/@service@ ./cmd/@service@

FROM gcr.io/distroless/static-debian12:nonroot@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08

LABEL org.opencontainers.image.title="@service@" \
      org.opencontainers.image.source="https://git.acme.example/@product@/@service@"

COPY --from=build /out/@service@ /usr/local/bin/@service@

USER 65532:65532
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=3s CMD ["/usr/local/bin/@service@", "health"]
ENTRYPOINT ["/usr/local/bin/@service@"]
CMD ["--port", "8080"]
"#,
    slips: &[
        ("USER 65532:65532\n", "USER root\n"),
        ("HEALTHCHECK --interval=30s --timeout=3s CMD [\"/usr/local/bin/@service@\", \"health\"]\n", ""),
    ],
};

const MIGRATION: Template = Template {
    path: "services/@product@/@service@/migration.Dockerfile",
    text: r#"FROM debian:12.5-slim@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08

ARG MIGRATE_VERSION=4.17.1
ARG MIGRATE_SHA256=9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08

SHELL ["/bin/bash", "-o", "pipefail", "-c"]

RUN apt-get update \
    && apt-get install -y --no-install-recommends \
        ca-certificates=20230311 \
        curl=7.88.1-10+deb12u5 \
        postgresql-client=15+248 \
    && rm -rf /var/lib/apt/lists/*

RUN curl -fsSL -o /tmp/migrate.tar.gz "https://downloads.acme.example/migrate/${MIGRATE_VERSION}/linux-amd64.tar.gz" \
    && echo "${MIGRATE_SHA256}  /tmp/migrate.tar.gz" | sha256sum -c - \
    && tar -xzf /tmp/migrate.tar.gz -C /usr/local/bin migrate \
    && rm /tmp/migrate.tar.gz

RUN groupadd --gid 10001 app \
    && useradd --uid 10001 --gid app --no-create-home --shell /usr/sbin/nologin app

WORKDIR /migrations
COPY --chown=app:app migrations/ ./

USER app
ENTRYPOINT ["migrate", "-path", "/migrations"]
CMD ["up"]
"#,
    slips: &[
        ("        curl=7.88.1-10+deb12u5 \\\n", "        curl \\\n"),
        ("    && rm -rf /var/lib/apt/lists/*\n", "    && apt-get clean\n"),
        ("    && echo \"${MIGRATE_SHA256}  /tmp/migrate.tar.gz\" | sha256sum -c - \\\n", ""),
        ("USER app\n", ""),
    ],
};

const NODE: Template = Template {
    path: "services/@product@/@service@/Dockerfile",
    text: r#"# syntax=docker/dockerfile:1.7
FROM node:22.11.0-bookworm-slim@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08 AS base
WORKDIR /app
ENV NODE_ENV=production \
    NPM_CONFIG_UPDATE_NOTIFIER=false

FROM base AS dependencies
COPY package.json package-lock.json ./
RUN --mount=type=cache,target=/root/.npm npm ci --omit=dev

FROM base AS build
COPY package.json package-lock.json ./
RUN --mount=type=cache,target=/root/.npm npm ci --include=dev
COPY . .
RUN npm run build \
    && find dist -name '*.map' -delete

FROM base
COPY --from=dependencies /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY package.json ./

USER node
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=5s --retries=3 CMD ["node", "dist/health.js"]
CMD ["node", "dist/server.js"]
"#,
    slips: &[
        ("@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08 AS base", " AS base"),
        ("USER node\n", ""),
        ("npm ci --omit=dev", "npm install"),
    ],
};

const STATIC: Template = Template {
    path: "services/@product@/@service@/static.Dockerfile",
    text: r#"FROM nginxinc/nginx-unprivileged:1.27.0-alpine@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08

LABEL org.opencontainers.image.title="@service@-static"

USER root
RUN apk add --no-cache tzdata=2024a-r1 \
    && rm -f /etc/nginx/conf.d/default.conf \
    && chown -R nginx:nginx /usr/share/nginx/html

COPY --chown=nginx:nginx nginx/site.conf /etc/nginx/conf.d/site.conf
COPY --chown=nginx:nginx public/ /usr/share/nginx/html/

USER nginx
EXPOSE 8080
HEALTHCHECK CMD wget -q -O /dev/null http://127.0.0.1:8080/alive || exit 1
STOPSIGNAL SIGQUIT
CMD ["nginx", "-g", "daemon off;"]
"#,
    slips: &[("USER nginx\n", ""), ("apk add --no-cache tzdata=2024a-r1", "apk add tzdata")],
};

const PYTHON: Template = Template {
    path: "services/@product@/@service@/Dockerfile",
    text: r#"# syntax=docker/dockerfile:1.7
FROM python:3.12.4-slim-bookworm@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08 AS build

ENV PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PYTHONDONTWRITEBYTECODE=1

WORKDIR /app
RUN python -m venv /opt/venv
ENV PATH="/opt/venv/bin:$PATH"

COPY requirements.txt ./
RUN pip install --no-cache-dir --require-hashes -r requirements.txt

FROM python:3.12.4-slim-bookworm@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08

ENV PATH="/opt/venv/bin:$PATH" \
    PYTHONUNBUFFERED=1

RUN groupadd --gid 10001 app && useradd --uid 10001 --gid app --no-log-init --create-home app

WORKDIR /app
COPY --from=build /opt/venv /opt/venv
COPY --chown=app:app src/ ./src/

USER 10001
EXPOSE 8080
HEALTHCHECK --interval=1m CMD ["python", "-m", "src.health"]
CMD ["gunicorn", "--bind", "0.0.0.0:8080", "src.app:app"]
"#,
    slips: &[
        ("pip install --no-cache-dir --require-hashes", "pip install"),
        ("USER 10001\n", ""),
        ("COPY --chown=app:app src/ ./src/", "ADD . ."),
    ],
};

const BACKUP: Template = Template {
    path: "services/@product@/@service@/backup.Dockerfile",
    text: r#"FROM alpine:3.20.1@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08

RUN apk add --no-cache \
        bash=5.2.26-r0 \
        postgresql16-client=16.3-r0 \
        rclone=1.66.0-r4 \
    && addgroup -g 10001 backup \
    && adduser -D -u 10001 -G backup backup

WORKDIR /backup
COPY --chmod=0755 backup.sh /usr/local/bin/backup

RUN mkdir -p /backup/out \
    && chown -R backup:backup /backup \
    && if [ -d /etc/crontabs ]; then rm -rf /etc/crontabs; fi

ENV BACKUP_TARGET=/backup/out \
    BACKUP_KEEP=14

USER backup
HEALTHCHECK NONE
ENTRYPOINT ["/usr/local/bin/backup"]
"#,
    slips: &[("USER backup\n", ""), ("    BACKUP_KEEP=14\n", "    BACKUP_TOKEN=c29tZXRoaW5nLXNlY3JldA\n")],
};
