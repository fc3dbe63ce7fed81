//! The repository of a company: products with their infrastructure, manifests, images and Compose projects, of the sizes that people
//! write, whose parts refer to each other. Everything can be read; nearly all of it is decent, and here and there somebody slipped.

mod compose;
mod docker;
mod kubernetes;
mod terraform;

use super::NAMES;
use crate::random::Random;

/// How many files one product has.
const PRODUCT: usize = 50;

/// Of a hundred lines that could be wrong, so many are.
const SLIPS: usize = 10;

/// The environments that every product runs in.
const ENVIRONMENTS: [&str; 2] = ["staging", "production"];

/// A file with places to fill in (`@product@`), and what people get wrong in it.
struct Template {
    path: &'static str,
    text: &'static str,
    /// What is right, and what it becomes where somebody slipped.
    slips: &'static [(&'static str, &'static str)],
}

/// At least this many files, by path.
#[must_use]
pub fn files(random: &mut Random, count: usize) -> Vec<(String, String)> {
    (0..count.div_ceil(PRODUCT)).flat_map(|number| product(random, number)).collect()
}

fn product(random: &mut Random, number: usize) -> Vec<(String, String)> {
    let name = format!("{}-{number}", random.pick(NAMES));
    let octet = (number % 250).to_string();
    let of_product = [("@product@", name.as_str()), ("@octet@", octet.as_str())];
    let mut files = Vec::with_capacity(PRODUCT);
    for environment in ENVIRONMENTS {
        let words = [&of_product[..], &[("@environment@", environment)]].concat();
        files.extend(terraform::root().map(|template| template.fill(random, &words)));
    }
    files.extend(terraform::MODULES.iter().map(|template| template.fill(random, &of_product)));
    files.extend(kubernetes::NAMESPACE.iter().map(|template| template.fill(random, &of_product)));
    for (at, role) in ["api", "web", "worker"].into_iter().enumerate() {
        let service = format!("{}-{role}", random.pick(NAMES));
        let port = (8000 + 10 * number % 1000 + at).to_string();
        let words = [&of_product[..], &[("@service@", service.as_str()), ("@port@", port.as_str())]].concat();
        files.extend(kubernetes::SERVICE.iter().map(|template| template.fill(random, &words)));
        files.extend(docker::IMAGES[at].iter().map(|template| template.fill(random, &words)));
        files.push(compose::PROJECT.fill(random, &words));
    }
    files
}

impl Template {
    fn fill(&self, random: &mut Random, words: &[(&str, &str)]) -> (String, String) {
        let mut text = self.text.to_owned();
        for (right, wrong) in self.slips {
            assert!(text.contains(right), "{}: `{right}` is not there to be got wrong", self.path);
            if random.percent(SLIPS) {
                text = text.replacen(right, wrong, 1);
            }
        }
        (filled(self.path, words), filled(&text, words))
    }
}

fn filled(text: &str, words: &[(&str, &str)]) -> String {
    words.iter().fold(text.to_owned(), |text, (word, value)| text.replace(word, value))
}
