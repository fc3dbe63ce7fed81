//! The Compose project that people start a service with at their desks.

use super::Template;

/// One per service.
pub(super) const PROJECT: Template = Template {
    path: "services/@product@/@service@/compose.yaml",
    text: r#"name: @service@

services:
  @service@:
    build:
      context: .
      args:
        VERSION: dev
    image: registry.acme.example/@product@/@service@:dev
    ports:
      - "127.0.0.1:@port@:8080"
    environment:
      LOG_LEVEL: debug
      DATABASE_HOST: database
    depends_on:
      database:
        condition: service_healthy
    read_only: true
    cap_drop: [ALL]
    security_opt:
      - no-new-privileges:true
    networks: [backend]

  database:
    image: postgres:16.3@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
    environment:
      POSTGRES_DB: @product@
      POSTGRES_PASSWORD_FILE: /run/secrets/database
    secrets: [database]
    volumes:
      - data:/var/lib/postgresql/data
    healthcheck:
      test: ["CMD", "pg_isready", "-U", "postgres"]
      interval: 10s
    security_opt:
      - no-new-privileges:true
    networks: [backend]

networks:
  backend: {}

volumes:
  data: {}

secrets:
  database:
    file: ./database.secret
"#,
    slips: &[
        ("127.0.0.1:@port@:8080", "@port@:8080"),
        ("    cap_drop: [ALL]\n", "    privileged: true\n"),
        (
            "      - data:/var/lib/postgresql/data\n",
            "      - data:/var/lib/postgresql/data\n      - /var/run/docker.sock:/var/run/docker.sock\n",
        ),
        ("@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", ""),
    ],
};
