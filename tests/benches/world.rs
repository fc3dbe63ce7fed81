//! The world: 1,000 machines, 500 security groups, 5,000 workloads, 300 network policies (goal: evaluating and joining them takes at most three
//! times as long as evaluating them alone), a tenth of it for the exponent of growth, and an edit.
//!
//! `cargo bench -p plimsoll-tests --bench world`; `SCALE=0.2` for a smaller one. Every figure that matters is a ratio within the run.
#![expect(clippy::unwrap_used, reason = "a bench may panic")]

use std::env;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use plimsoll_engine::{Asked, Engine, Settings, Source};
use plimsoll_rules::RuleSet;
use plimsoll_tests::NoDisk;

fn main() {
    let scale = env::var("SCALE").ok().and_then(|text| text.parse().ok()).unwrap_or(1.0_f64);
    let (small, _) = run(scale / 10.0);
    let (large, mut engine) = run(scale);
    let exponent = (large.1.as_secs_f64() / small.1.as_secs_f64()).log10();
    println!("growth tenfold: exponent {exponent:.2}");
    let mut text = group(0);
    text.push_str("# an edit\n");
    let edited = text.replace("443", "8443");
    let before = Instant::now();
    engine.set(Source::new("infra/groups.tf", Ok((edited + &groups(1, (500.0 * scale) as usize)).into_bytes())));
    ask(&engine);
    println!("an edit of one security group: {} ms", before.elapsed().as_millis());
}

/// The time of evaluation, that of the world, and the engine.
fn run(scale: f64) -> ((Duration, Duration), Engine) {
    let of = |count: f64| (count * scale).max(1.0) as usize;
    let mut engine = Engine::new(Arc::new(NoDisk), &RuleSet::default(), &Settings::default()).unwrap();
    let texts = [
        ("infra/network.tf".to_owned(), network()),
        ("infra/groups.tf".to_owned(), groups(0, of(500.0))),
        ("infra/machines.tf".to_owned(), (0..of(1_000.0)).fold(String::new(), |text, at| text + &machine(at, of(500.0)))),
    ];
    let manifests = (0..of(5_000.0)).map(|at| (format!("k8s/app-{at}.yaml"), workload(at)));
    let policies = (0..of(300.0)).map(|at| (format!("k8s/policy-{at}.yaml"), policy(at)));
    let sources = texts.into_iter().chain(manifests).chain(policies);
    engine.add(sources.map(|(path, text)| Source::new(path, Ok(text.into_bytes()))).collect());
    let before = Instant::now();
    let _ = engine.check(&|_, _| {});
    let evaluation = before.elapsed();
    let before = Instant::now();
    let answers = ask(&engine);
    let world = before.elapsed();
    println!(
        "scale {scale}: evaluation {} ms, the world {} ms for {answers} answers: {:.2} × in all (goal: at most 3)",
        evaluation.as_millis(),
        world.as_millis(),
        (evaluation + world).as_secs_f64() / evaluation.as_secs_f64()
    );
    ((evaluation, world), engine)
}

fn ask(engine: &Engine) -> usize {
    engine.exposure(&Asked::default()).unwrap().len()
}

fn network() -> String {
    let mut text = "resource \"aws_vpc\" \"main\" {\n  cidr_block = \"10.0.0.0/8\"\n}\nresource \"aws_internet_gateway\" \"main\" {\n  vpc_id = aws_vpc.main.id\n}\n\
                    resource \"aws_route_table\" \"main\" {\n  vpc_id = aws_vpc.main.id\n  route {\n    cidr_block = \"0.0.0.0/0\"\n    gateway_id = aws_internet_gateway.main.id\n  }\n}\n"
        .to_owned();
    for at in 0..20 {
        let _ = write!(
            text,
            "resource \"aws_subnet\" \"s{at}\" {{\n  vpc_id = aws_vpc.main.id\n  cidr_block = \"10.{at}.0.0/16\"\n  map_public_ip_on_launch = {}\n}}\n\
             resource \"aws_route_table_association\" \"s{at}\" {{\n  subnet_id = aws_subnet.s{at}.id\n  route_table_id = aws_route_table.main.id\n}}\n",
            at % 2 == 0
        );
    }
    text
}

fn groups(first: usize, count: usize) -> String {
    (first..count.max(1)).fold(String::new(), |text, at| text + &group(at))
}

fn group(at: usize) -> String {
    let source = if at.is_multiple_of(3) { "0.0.0.0/0" } else { "10.0.0.0/8" };
    format!(
        "resource \"aws_security_group\" \"g{at}\" {{\n  vpc_id = aws_vpc.main.id\n  ingress {{\n    from_port = 443\n    to_port = 443\n    protocol = \"tcp\"\n    \
         cidr_blocks = [\"{source}\"]\n  }}\n}}\n"
    )
}

fn machine(at: usize, groups: usize) -> String {
    format!(
        "resource \"aws_instance\" \"m{at}\" {{\n  ami = \"ami-1\"\n  subnet_id = aws_subnet.s{}.id\n  vpc_security_group_ids = [aws_security_group.g{}.id]\n  \
         tags = {{ environment = \"{}\" }}\n}}\n",
        at % 20,
        at % groups,
        if at.is_multiple_of(5) { "dev" } else { "production" }
    )
}

fn workload(at: usize) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: app-{at}\n  namespace: team-{}\nspec:\n  selector:\n    matchLabels: {{app: app-{at}}}\n  template:\n    metadata:\n      \
         labels: {{app: app-{at}, tier: t{}}}\n    spec:\n      containers:\n        - name: app\n          image: registry.example/app:1\n          ports:\n            - containerPort: 8080\n",
        at / 50,
        at % 4
    )
}

fn policy(at: usize) -> String {
    format!(
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata:\n  name: p{at}\n  namespace: team-{}\nspec:\n  podSelector:\n    matchLabels: {{tier: t{}}}\n  ingress:\n    - from:\n        \
         - podSelector: {{}}\n      ports:\n        - port: 8080\n",
        at / 3,
        at % 4
    )
}
