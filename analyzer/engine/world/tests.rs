//! The regions of a world, as they are after any number of edits, say what a world says that is made anew and as a whole.

use std::sync::Arc;

use plimsoll_rules::RuleSet;
use plimsoll_syntax::Place;

use super::findings::Found;
use super::{Part, judged, region, region_found, region_world, scene, views, world};
use crate::db::Db;
use crate::pages::Nothing;
use crate::run::Verdicts;
use crate::{Engine, Settings, Source, Stated, Subject};

/// Two root modules that give the same names to different things, one that talks to an engine that a script talks to as well, a cluster
/// that runs the manifests, images that are built elsewhere, hosts that meet.
const FILES: &[(&str, &str)] = &[
    (
        "a/main.tf",
        "resource \"aws_instance\" \"web\" {\n  vpc_security_group_ids = [aws_security_group.web.id]\n  tags = { environment = \"production\" }\n}\n\
         resource \"aws_security_group\" \"web\" {\n  ingress {\n    from_port   = 22\n    to_port     = 22\n    protocol    = \"tcp\"\n    cidr_blocks = [\"0.0.0.0/0\"]\n  }\n}\n\
         resource \"aws_lb\" \"edge\" {\n  internal = false\n}\nresource \"aws_lb_target_group\" \"web\" {\n  port = 80\n}\n\
         resource \"aws_lb_target_group_attachment\" \"web\" {\n  target_group_arn = aws_lb_target_group.web.arn\n  target_id = aws_instance.web.id\n}\n\
         resource \"aws_lb_listener\" \"web\" {\n  load_balancer_arn = aws_lb.edge.arn\n  port = 80\n  default_action {\n    type = \"forward\"\n    target_group_arn = aws_lb_target_group.web.arn\n  }\n}\n",
    ),
    (
        "b/main.tf",
        "resource \"aws_instance\" \"web\" {\n  vpc_security_group_ids = [aws_security_group.web.id]\n}\n\
         resource \"aws_security_group\" \"web\" {\n  ingress {\n    from_port   = 5432\n    to_port     = 5432\n    protocol    = \"tcp\"\n    cidr_blocks = [\"10.0.0.0/8\"]\n  }\n}\n",
    ),
    (
        "c/main.tf",
        "provider \"docker\" {\n  host = \"tcp://10.0.0.5:2375\"\n}\nresource \"docker_image\" \"shop\" {\n  name = \"shop/web\"\n}\n\
         resource \"docker_container\" \"shop\" {\n  name = \"shop\"\n  image = docker_image.shop.name\n  ports {\n    internal = 80\n    external = 8080\n  }\n}\n",
    ),
    ("d/main.tf", "resource \"aws_vpc\" \"main\" {\n}\nresource \"aws_eks_cluster\" \"main\" {\n  name = \"main\"\n}\n"),
    ("e/main.tf", "resource \"kubernetes_namespace_v1\" \"shop\" {\n  metadata {\n    name = \"shop\"\n  }\n}\n"),
    (
        "k8s/web.yaml",
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\n  namespace: shop\nspec:\n  selector: {matchLabels: {app: web}}\n  template:\n    metadata:\n      labels: {app: web, env: production}\n    spec:\n      containers:\n        - name: web\n          image: nginx\n          ports: [{containerPort: 80}]\n\
         ---\napiVersion: v1\nkind: Service\nmetadata:\n  name: web\n  namespace: shop\nspec:\n  type: LoadBalancer\n  selector: {app: web}\n  ports: [{port: 80}]\n",
    ),
    (
        "k8s/policy.yaml",
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata:\n  name: web\n  namespace: shop\nspec:\n  podSelector: {matchLabels: {app: web}}\n  ingress:\n    - from: [{namespaceSelector: {}}]\n      ports: [{port: 80}]\n",
    ),
    (
        "k8s/db.yaml",
        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: db\n  namespace: data\n  labels: {app: db, env: staging, pci-dss: \"true\"}\nspec:\n  hostNetwork: true\n  containers:\n    - name: db\n      image: postgres:17\n      ports: [{containerPort: 5432}]\n",
    ),
    (
        "shop/compose.yaml",
        "services:\n  web:\n    build: .\n    image: shop/web\n    ports: [\"80:8080\"]\n  db:\n    image: postgres\n    ports: [\"5432:5432\"]\n",
    ),
    ("shop/Dockerfile", "FROM nginx\nEXPOSE 8080\nEXPOSE 22\nUSER 1000\n"),
    (
        "deploy/run.sh",
        "#!/bin/sh\ndocker run -d -p 22:22 --privileged shop/web\ndocker -H tcp://10.0.0.5:2375 run -d -p 8081:80 --name blue shop/web\n",
    ),
    ("host/etc/docker/daemon.json", "{\n  \"hosts\": [\"tcp://0.0.0.0:2375\"],\n  \"icc\": false\n}\n"),
    (
        "one/Vagrantfile",
        "Vagrant.configure(\"2\") do |config|\n  config.vm.box = \"debian\"\n  config.vm.network \"forwarded_port\", guest: 80, host: 8080\nend\n",
    ),
    (
        "two/Vagrantfile",
        "Vagrant.configure(\"2\") do |config|\n  config.vm.box = \"debian\"\n  config.vm.network \"public_network\"\nend\n",
    ),
];

const STATED: &str = "[assume]\nhosts = \"public\"\n[[context]]\nnode = \"service/db\"\nsensitivity = [\"pci-dss\"]\n\
                      [[intended]]\nnode = \"Service/web\"\nport = 80\nreason = \"the shop\"\n[[intended]]\nnode = \"service/web\"\nport = 80\nreason = \"the shop\"\n";

fn source(path: &str, text: &str) -> Source {
    Source::new(path, Ok(text.as_bytes().to_vec()))
}

fn engine(files: &[(&str, String)]) -> Engine {
    let mut stated = Stated::parse(STATED).unwrap();
    stated.path = Some("plimsoll.toml".into());
    let settings = Settings { select: vec!["all".to_owned()], stated, ..Settings::default() };
    let mut engine = Engine::new(Arc::new(Nothing), &RuleSet::builtin(), &settings).unwrap();
    engine.add(files.iter().map(|(path, text)| source(path, text)).collect());
    engine.set_aside(source("plimsoll.toml", STATED));
    engine
}

/// A place by its path: files have other numbers in another engine.
fn at(engine: &Engine, place: Place) -> String {
    let path = engine.db.by_id(place.file).map(|file| file.path(&engine.db).to_string()).unwrap_or_default();
    format!("{path}:{}-{}", place.span.start, place.span.end)
}

fn findings(engine: &Engine, verdicts: &Verdicts, out: &mut Vec<String>) {
    for finding in &verdicts.findings {
        let related: Vec<String> =
            finding.related.iter().map(|(place, message)| format!("{} {message}", at(engine, *place))).collect();
        out.push(format!("{} {} {} {related:?}", finding.rule, at(engine, finding.place), finding.message));
    }
    for undecided in &verdicts.undecided {
        out.push(format!("{} {} undecided {:?}", undecided.rule, at(engine, undecided.place), undecided.missing));
    }
    assert_eq!(verdicts.failures, []);
}

fn answers(engine: &Engine, world: &plimsoll_world::World, found: &Found, out: &mut Vec<String>) {
    out.extend(found.answers.iter().map(|(answer, meant)| format!("{meant:?} {:?}", engine.exposed(world, answer, None))));
    let closed = world.all().filter_map(|(id, _)| found.closed(id));
    out.extend(closed.map(|answer| format!("{:?}", engine.exposed(world, answer, None))));
}

/// What the regions say.
fn by_region(engine: &Engine) -> Vec<String> {
    let (db, task) = (&engine.db, engine.task());
    let mut out = Vec::new();
    for subject in engine.world_subjects() {
        let part = crate::judge(db, task, &subject);
        assert_eq!(part.incomplete.len(), 0, "{subject:?}");
        findings(engine, &part.verdicts, &mut out);
    }
    let scene = scene(db, engine.workspace, &engine.outside);
    for region in region::regions(db, engine.workspace, scene).iter() {
        let part = Part::new(db, region.clone());
        let world = region_world(db, engine.workspace, scene.terms(db), part);
        answers(engine, &world, &region_found(db, engine.workspace, scene.terms(db), part), &mut out);
    }
    out.sort();
    out
}

/// What the world says as a whole.
fn as_one(engine: &Engine) -> Vec<String> {
    let (db, rulebook) = (&engine.db, engine.book.rulebook(&engine.db));
    let scene = scene(db, engine.workspace, &engine.outside);
    let world = world(db, engine.workspace, scene);
    let found = super::found(db, engine.workspace, scene);
    let mut out = Vec::new();
    findings(engine, &judged(&rulebook, &views::items(&world, &found, scene.stated(db))), &mut out);
    let (matched, file) = (found.matched().collect(), db.file("plimsoll.toml".into()).unwrap().id(db));
    findings(engine, &judged(&rulebook, &views::intended(scene.stated(db), &matched, file, None)), &mut out);
    answers(engine, &world, &found, &mut out);
    out.sort();
    out
}

/// Numbers made up from a seed.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit.max(1)
    }
}

/// A line is taken away or written twice, or another one of the workspace comes in, or a file is as it was, or gone.
fn edit(random: &mut Random, files: &mut Vec<(&'static str, String)>, engine: &mut Engine) -> String {
    let (path, first) = FILES[random.below(FILES.len())];
    let at = files.iter().position(|(known, _)| *known == path);
    let text = at.map(|at| files[at].1.clone()).unwrap_or_default();
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let line = random.below(lines.len());
    let mut now: Vec<&str> = lines.clone();
    let what = random.below(12);
    match what {
        0..3 if !lines.is_empty() => drop(now.remove(line)),
        3..5 if !lines.is_empty() => now.insert(line, lines[line]),
        5 => {
            files.retain(|(known, _)| *known != path);
            engine.remove(path.into());
            return format!("{path} is gone");
        }
        6 => {
            let other = FILES[random.below(FILES.len())].1.split_inclusive('\n').nth(random.below(8)).unwrap_or("\n");
            now.insert(line, other);
        }
        _ => now = vec![first],
    }
    let now = now.concat();
    match at {
        Some(at) => files[at].1.clone_from(&now),
        None => files.push((path, now.clone())),
    }
    engine.set(source(path, &now));
    format!("{path} is edited ({what}):\n{now}")
}

#[test]
fn regions_say_what_the_whole_says_after_every_edit() {
    for seed in 0..3 {
        let mut random = Random(seed * 77 + 5);
        let mut files: Vec<(&str, String)> = FILES.iter().map(|(path, text)| (*path, (*text).to_owned())).collect();
        let mut edited = engine(&files);
        assert!(by_region(&edited).len() > 30, "little is said");
        let mut told = String::new();
        for number in 0..60 {
            told.push_str(&edit(&mut random, &mut files, &mut edited));
            let (now, expected) = (by_region(&edited), as_one(&engine(&files)));
            let lacks: Vec<&String> = expected.iter().filter(|line| !now.contains(line)).collect();
            let more: Vec<&String> = now.iter().filter(|line| !expected.contains(line)).collect();
            assert!(now == expected, "seed {seed}, edit {number}\n{told}\nlacks {lacks:#?}\nhas {more:#?}");
        }
    }
}

#[test]
fn what_an_edit_does_not_touch_stays() {
    let files: Vec<(&str, String)> = FILES.iter().map(|(path, text)| (*path, (*text).to_owned())).collect();
    let mut engine = engine(&files);
    let parts = |engine: &Engine| -> Vec<(Subject, Arc<Verdicts>)> {
        let judged = |subject: Subject| {
            let verdicts = crate::judge(&engine.db, engine.task(), &subject).verdicts;
            (subject, verdicts)
        };
        engine.world_subjects().into_iter().map(judged).collect()
    };
    // What is edited for the first time no longer counts among what stays, and neither does what has looked at it.
    engine.set(source("a/main.tf", ""));
    parts(&engine);
    engine.set(source("a/main.tf", FILES[0].1));
    for (path, from, to) in [
        ("a/main.tf", "0.0.0.0/0", "10.0.0.0/8"),
        ("b/main.tf", "10.0.0.0/8", "0.0.0.0/0"),
        ("k8s/policy.yaml", "port: 80", "port: 81"),
        ("shop/compose.yaml", "5432:5432", "127.0.0.1:5432:5432"),
    ] {
        let before = parts(&engine);
        let text = FILES.iter().find(|(known, _)| *known == path).unwrap().1.replacen(from, to, 1);
        engine.set(source(path, &text));
        let after = parts(&engine);
        let anew = before.iter().zip(&after).filter(|(before, after)| !Arc::ptr_eq(&before.1, &after.1));
        let anew: Vec<&Subject> = anew.map(|(before, _)| &before.0).collect();
        // The region itself, and what the user states of all of them.
        assert!(before.len() == after.len() && before.len() > 5, "{path}: {} of {}", after.len(), before.len());
        assert!((1..=2).contains(&anew.len()), "{path}: {anew:#?}");
    }
}
