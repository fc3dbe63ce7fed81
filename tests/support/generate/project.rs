//! Whole projects: a tree of files as a company has it.

use super::{docker, hcl, yaml};
use crate::random::Random;

/// About this many files, by path: Terraform modules, manifests, images, Compose projects.
#[must_use]
pub fn files(random: &mut Random, count: usize) -> Vec<(String, String)> {
    let mut files = Vec::with_capacity(count);
    for number in 0..count {
        let service = number / 10;
        files.push(match number % 10 {
            0..=3 => (format!("infra/module-{service}/part-{number}.tf"), hcl::file(random, 1500)),
            4..=6 => (format!("deploy/service-{service}/object-{number}.yaml"), yaml::manifests(random, 1500)),
            7 | 8 => (format!("services/service-{service}/{number}.Dockerfile"), docker::dockerfile(random, 800)),
            _ => (format!("services/service-{service}/compose.yaml"), yaml::compose(random, 4)),
        });
    }
    files
}
