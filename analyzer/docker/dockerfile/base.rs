//! What is known of base images without asking a registry: who they run as.

/// Docker's own library, under the names it is mirrored by.
const LIBRARY: &[&str] = &[
    "docker.io/library/",
    "public.ecr.aws/docker/library/",
    "mirror.gcr.io/library/",
    "docker.io/arm64v8/",
    "docker.io/arm32v7/",
    "docker.io/amd64/",
];

/// Images that do not run as root, by name or by its beginning (`/` or `-` at the end), with their user.
const USERS: &[(&str, &str)] = &[
    ("docker.io/library/elasticsearch", "1000"),
    ("docker.io/library/geonetwork", "jetty"),
    ("docker.io/library/groovy", "groovy"),
    ("docker.io/library/haproxy", "haproxy"),
    ("docker.io/library/jetty", "jetty"),
    ("docker.io/library/kibana", "kibana"),
    ("docker.io/library/kong", "kong"),
    ("docker.io/library/logstash", "logstash"),
    ("docker.io/library/memcached", "memcache"),
    ("docker.io/library/odoo", "odoo"),
    ("docker.io/library/open-liberty", "1001"),
    ("docker.io/library/rocket.chat", "rocketchat"),
    ("docker.io/library/solr", "solr"),
    ("docker.io/library/sonarqube", "sonarqube"),
    ("docker.io/library/spark", "spark"),
    ("docker.io/library/varnish", "varnish"),
    ("docker.io/library/websphere-liberty", "1001"),
    ("docker.io/apache/airflow", "airflow"),
    ("docker.io/apache/superset", "superset"),
    ("docker.io/bitnami/", "1001"),
    ("docker.io/bitnamilegacy/", "1001"),
    ("docker.io/cimg/", "circleci"),
    ("docker.io/circleci/", "circleci"),
    ("docker.io/confluentinc/", "appuser"),
    ("docker.io/curlimages/curl", "curl_user"),
    ("docker.io/grafana/grafana", "472"),
    ("docker.io/homebrew/", "linuxbrew"),
    ("docker.io/jenkins/", "jenkins"),
    ("docker.io/jupyter/", "jovyan"),
    ("docker.io/nginxinc/nginx-unprivileged", "101"),
    ("docker.io/prom/", "nobody"),
    ("docker.io/selenium/", "seluser"),
    ("docker.io/sonatype/", "nexus"),
    ("cgr.dev/chainguard/", "nonroot"),
    ("ghcr.io/nginx/nginx-unprivileged", "101"),
    ("quay.io/jupyter/", "jovyan"),
    ("quay.io/keycloak/", "1000"),
    ("quay.io/prometheus/", "nobody"),
];

/// Images outside the library that run as root, in the same way.
const ROOT: &[&str] = &[
    "docker.io/amazon/",
    "docker.io/centos/",
    "docker.io/continuumio/",
    "docker.io/linuxserver/",
    "docker.io/nvidia/cuda",
    "docker.io/oven/bun",
    "docker.io/phusion/",
    "docker.io/pytorch/pytorch",
    "docker.io/tensorflow/tensorflow",
    "docker.io/tiangolo/",
    "gcr.io/distroless/",
    "ghcr.io/astral-sh/",
    "ghcr.io/linuxserver/",
    "mcr.microsoft.com/azurelinux/",
    "mcr.microsoft.com/cbl-mariner/",
    "mcr.microsoft.com/dotnet/",
    "nvcr.io/nvidia/",
    "public.ecr.aws/amazonlinux/",
    "public.ecr.aws/lambda/",
    "quay.io/centos/",
    "quay.io/fedora/",
    "registry.access.redhat.com/ubi10/ubi",
    "registry.access.redhat.com/ubi8/ubi",
    "registry.access.redhat.com/ubi9/ubi",
    "registry.access.redhat.com/ubi8",
    "registry.access.redhat.com/ubi9",
];

/// What tags of images say that run as somebody else than their sisters do.
const TAGS: &[&str] = &["nonroot", "rootless", "unprivileged", "chiseled", "distroless"];

/// Images of the library that people copy from by their bare name.
const COPIED: &str = "alpine busybox bash caddy composer debian docker golang hello-world httpd maven memcached mongo mysql nginx node \
                      openjdk php postgres python redis registry ruby rust traefik ubuntu vault eclipse-temurin gradle haproxy";

/// Whether Docker itself publishes the image.
pub(super) fn is_official(name: &str) -> bool {
    LIBRARY.iter().any(|prefix| name.starts_with(prefix))
}

/// Whether a bare name is an image that one would copy from.
pub(super) fn is_copied(name: &str) -> bool {
    COPIED.split_ascii_whitespace().any(|known| known == name)
}

/// Who the image runs as; `None`: it cannot be told.
pub(super) fn user(name: &str, tag: Option<&str>) -> Option<&'static str> {
    let fits = |known: &str| if known.ends_with('/') { name.starts_with(known) } else { name == known };
    if TAGS.iter().any(|word| tag.is_some_and(|tag| tag.contains(word))) {
        return Some("nonroot");
    }
    if let Some((_, user)) = USERS.iter().find(|row| fits(row.0)) {
        return Some(user);
    }
    let root = is_official(name) || ROOT.iter().any(|known| fits(known) || (known.ends_with("/ubi") && name.starts_with(known)));
    root.then_some("root")
}
