//! What Dockerfiles say: the Dockerfile, the view, the paths, and the values of each item.

use std::sync::Arc;

use plimsoll_syntax::value::Part;
use plimsoll_syntax::{FileId, Item, Kind, Value, dockerfile};

fn items_of(text: &str) -> Vec<Item> {
    super::items(&dockerfile::parse(&Arc::from(text)), FileId(0))
}

fn shown(value: Option<&Value>) -> String {
    let Some(value) = value else { return "-".to_owned() };
    match &value.kind {
        Kind::Null => "-".to_owned(),
        Kind::Bool(flag) => flag.to_string(),
        Kind::Number(number) => number.to_string(),
        Kind::String(text) => text.to_string(),
        Kind::Template(parts) => parts
            .iter()
            .map(|part| match part {
                Part::Known(text) => text.to_string(),
                Part::Hole(hole) => format!("<{}>", hole.source),
            })
            .collect(),
        Kind::List(list) => {
            let tail = if list.tail.is_some() { "…" } else { "" };
            format!("[{}{tail}]", list.items.iter().map(|item| shown(Some(item))).collect::<Vec<_>>().join(" "))
        }
        Kind::Map(map) => {
            let entries = map.entries.iter().map(|entry| format!("{}={}", entry.key, shown(Some(&entry.value))));
            format!("{{{}}}", entries.collect::<Vec<_>>().join(" "))
        }
        Kind::Unknown(unknown) => format!("<{}>", unknown.source),
        Kind::Choice(_) => "choice".to_owned(),
    }
}

/// The value at a path; a list gives the values of all its elements.
fn at(value: &Value, path: &str) -> String {
    let (first, rest) = path.split_once('.').map_or((path, None), |(first, rest)| (first, Some(rest)));
    let found = value.get(first);
    match (found, rest) {
        (Some(found), Some(rest)) if found.as_list().is_some() => {
            format!("[{}]", found.items().iter().map(|item| at(item, rest)).collect::<Vec<_>>().join(" "))
        }
        (Some(found), Some(rest)) if found.as_map().is_some() => at(found, rest),
        (found, _) => shown(found),
    }
}

fn table(text: &str, view: &str, paths: &str) -> String {
    let items = items_of(text);
    let of_view = items.iter().filter(|item| item.views.iter().any(|known| known == view));
    let row = |item: &Item| paths.split(' ').map(|path| at(&item.value, path)).collect::<Vec<_>>().join(" ");
    of_view.map(row).collect::<Vec<_>>().join(" | ")
}

#[test]
fn values() {
    let rows: &[(&str, &str, &str, &str)] = &[
        // Base images.
        (
            "FROM nginx\nFROM nginx:1 AS a\nFROM a",
            "stage",
            "name alias base.kind image.name image.tag final",
            "0 - image docker.io/library/nginx - false | a a image docker.io/library/nginx 1 false | 2 - stage docker.io/library/nginx 1 true",
        ),
        (
            "ARG V=1\nARG W\nFROM a.io/x:$V\nFROM a.io/x:$W\nFROM $W",
            "image.use",
            "image.name image.tag",
            "a.io/x 1 | a.io/x <$W> | <$W> <$W>",
        ),
        ("FROM scratch", "image.use", "reference", ""),
        ("FROM alpine:${V:-3}", "image.use", "image.tag", "3"),
        ("ARG V=1\nFROM alpine\nENV A=$V\nARG V\nENV B=$V", "stage", "env", "{A=<$V> B=1}"),
        // The graph.
        (
            "FROM a:1 AS x\nFROM b:1 AS y\nFROM c:1 AS z\nFROM y\nCOPY --from=x /a /b",
            "stage",
            "name shipped needed",
            "x false true | y true true | z false false | 3 true true",
        ),
        (
            "FROM a:1 AS x\nFROM b:1\nCOPY --from=X a b\nCOPY --from=0 a b\nCOPY --from=1 a b\nCOPY --from=nope a b\nCOPY --from=composer a b\nCOPY --from=$V a b",
            "instruction.COPY",
            "from.kind",
            "stage | stage | self | unknown | image | <$V>",
        ),
        (
            "FROM a:1 AS x\nRUN --mount=type=bind,from=q.io/w:2,target=/t true",
            "image.use",
            "image.name where",
            "docker.io/library/a from | q.io/w mount",
        ),
        // What is inherited.
        (
            "FROM debian AS a\nUSER app\nWORKDIR /srv\nENV X=1\nEXPOSE 80\nFROM a\nWORKDIR sub",
            "stage",
            "user.name workdir env.X ports.port",
            "app /srv 1 [80] | app /srv/sub 1 [80]",
        ),
        (
            "FROM debian\nFROM corp.io/base:1\nFROM grafana/grafana:11.1.0\nFROM scratch\nFROM gcr.io/distroless/base:nonroot",
            "stage",
            "user.name",
            "root | <the user of corp.io/base:1> | 472 | root | nonroot",
        ),
        ("FROM debian\nUSER $UID:grp\nUSER 0:0", "instruction.USER", "user.name user.group", "<$UID> grp | 0 0"),
        // Instructions.
        (
            "FROM a:1\nENV A=1 B=\"x y\" C=$A\nENV D old way",
            "instruction.ENV",
            "names pairs.value legacy",
            "[A B C] [1 x y <$A>] false | [D] [old way] true",
        ),
        ("FROM scratch\nENV A=1 B=$A", "instruction.ENV", "pairs.references.defined", "[[] [false]]"),
        ("FROM a:1\nARG A B=2\nENV A=3\nLABEL x=$A y=$B", "instruction.LABEL", "pairs.name pairs.value", "[x y] [3 2]"),
        (
            "FROM a:1\nEXPOSE 80/udp 90-91 70000 $P x",
            "instruction.EXPOSE",
            "ports.from ports.to ports.protocol ports.valid",
            "[80 90 70000 <$P> -] [80 91 70000 <$P> -] [udp tcp tcp tcp tcp] [true true false <$P> false]",
        ),
        (
            "FROM a:1\nADD a.tar.gz https://x.io/y $U /d/",
            "instruction.ADD",
            "sources.remote sources.archive destination",
            "[false true <$U>] [true false <$U>] /d/",
        ),
        (
            "FROM a:1\nCOPY --chown=app:grp --chmod=755 [\"a b\", \"/d\"]",
            "instruction.COPY",
            "chown.name chmod sources.path destination",
            "app 755 [a b] /d",
        ),
        ("FROM a:1\nCMD a\nCMD [\"b\", \"c\"]", "instruction.CMD", "form superseded argv", "shell true [a] | exec false [b c]"),
        (
            "FROM a:1\nHEALTHCHECK --interval=5s --retries=2 CMD curl -f x\nHEALTHCHECK NONE",
            "instruction.HEALTHCHECK",
            "disabled interval retries commands.program superseded",
            "false 5s 2 [curl] true | true - - - false",
        ),
        ("FROM a:1\nONBUILD RUN curl x\nRUN b", "instruction.RUN", "onbuild commands.program", "true [curl] | false [b]"),
        (
            "FROM a:1\nRUN --mount=type=cache,dst=/c,sharing=locked --mount=type=secret,id=k --network=none true",
            "instruction.RUN",
            "mounts.type mounts.target network",
            "[cache secret] [/c -] none",
        ),
        ("FROM a:1\nWORKDIR ${X:-/srv}\nCOPY a b", "instruction.COPY", "before.workdir", "<${X:-/srv}>"),
        ("FROM a:1\nRUN a\nRUN b\nCMD c", "instruction.RUN", "previous.keyword", "FROM | RUN"),
        ("FROM a:1\nONBUILD ONBUILD RUN a", "instruction.ONBUILD", "trigger onbuild", "ONBUILD false"),
        // Commands.
        (
            "FROM a:1\nENV PKG=\"curl git\"\nARG V\nRUN apt-get update && \\\n  # why\n  apt-get install -y $PKG x=$V",
            "command",
            "program subcommand operands after.subcommand",
            "apt-get update [] [install] | apt-get install [curl git x=<$V>] []",
        ),
        (
            "FROM a:1\nRUN <<EOF\nset -e\ncurl x | sh\nEOF\nUSER a",
            "command",
            "program where position",
            "set run 0 | curl run 0 | sh run 1",
        ),
        (
            "FROM a:1\nRUN <<A bash -e\nb $(c) \\\n  d\nA\nRUN cat <<A > /x && e\nf $(g)\nA\nRUN <<A python3\nh\nA",
            "command",
            "program",
            "bash | b | c | cat | e | g | python3",
        ),
        (
            "FROM a:1\nCMD [\"sh\", \"-c\", \"dockerd -H tcp://0.0.0.0:2375\"]",
            "command",
            "program wrappers",
            "sh [] | dockerd [sh]",
        ),
        ("FROM a:1\nSHELL [\"powershell\", \"-c\"]\nRUN a | b", "instruction.RUN", "commands", "[…]"),
        // Hadolint's comment: about its stage and those that start from it, above the first `FROM` about all.
        (
            "FROM a:1 AS a\nRUN b\n# hadolint shell=powershell\nRUN c\nFROM a\nRUN d\n# hadolint shell=/bin/bash\nRUN e\nFROM f:1\nRUN g",
            "instruction.RUN",
            "commands.program",
            "[b] | [] | [] | [e] | [g]",
        ),
        ("# hadolint shell=cmd\nFROM a:1\nRUN b\nFROM c:1\nRUN d", "instruction.RUN", "commands", "[…] | […]"),
        ("# escape=`\n#hadolint shell = /bin/sh\nFROM a:1\nRUN b", "instruction.RUN", "commands.program", "[b]"),
        (
            "FROM a:1\nRUN b \\\n# hadolint shell=cmd\n  c\n# hadolint ignore=DL1\n# the shell=cmd\nRUN d",
            "instruction.RUN",
            "commands.program",
            "[b] | [d]",
        ),
        ("FROM a:1\n# hadolint shell=bash -o pipefail -c\nRUN a | b", "pipeline", "pipefail", "true"),
        (
            "FROM a:1\nRUN a | b\nSHELL [\"bash\", \"-o\", \"pipefail\", \"-c\"]\nRUN a | b\nSHELL [\"sh\", \"-c\"]\nRUN set -o pipefail; a | b",
            "pipeline",
            "pipefail",
            "false | true | true",
        ),
    ];
    let wrong = rows.iter().filter(|row| table(row.0, row.1, row.2) != row.3);
    let wrong: Vec<String> = wrong
        .map(|row| format!("{}\n{} {}\n  is {}\n  not {}", row.0, row.1, row.2, table(row.0, row.1, row.2), row.3))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_value_lies_where_it_is_written() {
    let text = "FROM nginx:1 AS web\nENV A=\"b\"\nRUN apt-get update && \\\n    curl -k https://x.io | sh\nCMD [\"a\", \"-k\"]\n";
    let items = items_of(text);
    let place = |view: &str, path: &str| {
        let item = items.iter().rfind(|item| item.views.iter().any(|known| known == view)).unwrap();
        path.split('.')
            .try_fold(&item.value, |value, key| {
                key.parse().map_or_else(|_| value.get(key), |index: usize| value.items().get(index))
            })
            .map(|value| value.place.span.text(text))
    };
    let rows: &[(&str, &str, &str)] = &[
        ("image.use", "image.tag", "nginx:1"),
        ("instruction.ENV", "pairs.0.value", "\"b\""),
        ("instruction.RUN", "commands.1.argv.1", "-k"),
        ("pipeline", "commands", "curl -k https://x.io | sh"),
        ("instruction.CMD", "commands.0.argv.1", "-k"),
        ("stage", "alias", "web"),
    ];
    for (view, path, expected) in rows {
        assert_eq!(place(view, path), Some(*expected), "{view} {path}");
    }
    for item in &items {
        assert!(item.header.span.end <= item.range.end && item.range.end as usize <= text.len(), "{}", item.name);
    }
}

#[test]
fn texts_that_double_are_not_followed() {
    let lines = "ENV A=$A$A\nRUN B=$B$B$A; B=$B$B\n".repeat(60);
    let found = table(&format!("FROM a:1\nENV A=aaaaaaaa\n{lines}"), "stage", "env.A");
    assert!(found.len() < 200 && found.contains('<'), "{}", found.len());
}

#[test]
fn nothing_panics() {
    const PIECES: &[&str] = &[
        "FROM ",
        "a",
        ":",
        " AS ",
        "\n",
        "\\\n",
        "RUN ",
        "ENV ",
        "A=",
        "$A",
        "${A:-",
        "}",
        "\"",
        "'",
        "COPY ",
        "--from=",
        "0 ",
        "/x ",
        "ADD ",
        "--mount=",
        "type=",
        ",",
        "EXPOSE ",
        "1-",
        "USER ",
        "ONBUILD ",
        "HEALTHCHECK ",
        "CMD ",
        "[\"a\"]",
        "SHELL [\"sh\"]\n",
        "WORKDIR ",
        "<<E\n",
        "E\n",
        "é",
        "# check=skip=all\n",
        "ARG ",
        "LABEL ",
        "curl x | sh",
        "`",
        "${A#",
        "*",
        "${A//",
        "/",
    ];
    let mut seed = 3_u64;
    let mut next = || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(seed >> 40).unwrap_or(0)
    };
    for _ in 0..4_000 {
        let text: String = (0..next() % 24).map(|_| PIECES[next() % PIECES.len()]).collect();
        for item in items_of(&text) {
            assert!(item.range.end as usize <= text.len(), "{text}");
        }
    }
}

#[test]
fn what_others_ask_of_a_dockerfile_is_kept() {
    let text = "FROM alpine:3.20 AS base\nRUN docker build -t acme/inner . && apk add curl\nUSER app\nEXPOSE 8080/udp\nENTRYPOINT [\"/app\", \"serve\"]\n";
    let kept = super::lasting(&items_of(text));
    let names: Vec<(&str, &str)> = kept.iter().map(|item| (item.views[0].as_str(), item.name.as_str())).collect();
    assert_eq!(names, [("stage.final", "base"), ("command", "docker build")]);
    let stage = &kept[0].value;
    for (path, expected) in [
        ("alias", "base"),
        ("user.name", "app"),
        ("ports.port", "[8080]"),
        ("ports.protocol", "[udp]"),
        ("entrypoint.argv", "[/app serve]"),
        // What only the file's own rules look at is gone.
        ("entrypoint.commands", "-"),
        ("commands", "-"),
        ("file", "-"),
    ] {
        assert_eq!(at(stage, path), expected, "{path}");
    }
    assert_eq!(at(&kept[1].value, "argv"), "[docker build -t acme/inner .]");
    assert_eq!(at(&kept[1].value, "stage"), "-");
}
