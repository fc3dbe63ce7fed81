//! What shell texts run.

use plimsoll_syntax::value::Part;
use plimsoll_syntax::{FileId, Item, Kind, Place, Span, Value};

use super::{Context, Location, argv_items, items, value_items};

fn shown(value: Option<&Value>) -> String {
    match value.map(|value| &value.kind) {
        None | Some(Kind::Null) => "-".to_owned(),
        Some(Kind::String(text)) => text.to_string(),
        Some(Kind::Bool(flag)) => flag.to_string(),
        Some(Kind::Number(number)) => number.to_string(),
        Some(Kind::Unknown(unknown)) => format!("<{}>", unknown.source),
        Some(Kind::Template(parts)) => {
            let part = |part: &Part| match part {
                Part::Known(text) => text.to_string(),
                Part::Hole(hole) => format!("<{}>", hole.source),
            };
            parts.iter().map(part).collect()
        }
        Some(Kind::List(list)) => {
            list.items.iter().map(|item| shown(item.get("program").or(Some(item)))).collect::<Vec<_>>().join(",")
        }
        Some(Kind::Map(map)) => {
            map.entries.iter().map(|entry| format!("{}={}", entry.key, shown(Some(&entry.value)))).collect::<Vec<_>>().join(",")
        }
        Some(Kind::Choice(_)) => "choice".to_owned(),
    }
}

fn rows(items: &[Item], view: &str, fields: &str) -> String {
    let of_view = items.iter().filter(|item| item.views[0] == view);
    let row = |item: &Item| fields.split(' ').map(|field| shown(item.value.get(field))).collect::<Vec<_>>().join(" ");
    of_view.map(row).collect::<Vec<_>>().join(" | ")
}

fn of(text: &str) -> Vec<Item> {
    items(text, &Location::exact(FileId(0), 0, text), &Context::default())
}

#[test]
fn commands() {
    let table: &[(&str, &str, &str)] = &[
        // What really runs.
        ("sudo -u app /usr/bin/apt-get install x", "program wrappers", "sudo  | apt-get sudo"),
        ("env A=1 curl -k x", "program wrappers", "env  | curl env"),
        ("sh -c 'dockerd -H tcp://a'", "program wrappers", "sh  | dockerd sh"),
        ("python3 -m pip install flask", "program subcommand", "python3 install | pip install"),
        ("tini -- nginx -g x", "program wrappers", "tini  | nginx tini"),
        // Words.
        ("apt-get -o A=b -qy install -t sid curl", "subcommand operands", "install curl"),
        ("docker --context c run --rm -p 1:2 nginx id", "subcommand operands", "run nginx,id"),
        ("apt-get $OPTIONS install a", "subcommand operands", "<$OPTIONS> <$OPTIONS>,install,a"),
        ("git -C /x clone -- -y", "subcommand operands", "clone -y"),
        // Variables.
        ("A=1\nB=$A-$C\necho $B ${A:-3} ${D:-4}", "args", "1-<$C>,1,<${D:-4}>"),
        ("export P=\"a b\"; x $P \"$P\"", "args", "P=a b | a,b,a b"),
        ("for A in 1 2; do x $A; done; A=1; y $A", "args", "<$A> | <$A>"),
        ("if t; then A=2; fi; x $A", "args", " | 2"),
        ("A=1; if t; then A=2; fi; x $A", "args", " | <$A>"),
        ("x $(date) `id`", "args", "<$(date)>,<`id`> |  | "),
        ("A=0 B=$(c) x", "program assignments", "x A=0,B=<$(c)> | c "),
        // Relations.
        (
            "curl a | sudo bash -",
            "program position pipe",
            "curl 0 curl,sudo,bash | sudo 1 curl,sudo,bash | bash 1 curl,sudo,bash",
        ),
        ("sh -c \"$(curl a)\"", "program inputs", "sh curl | <$(curl a)> - | curl -"),
        ("sh -c 'a; X=$(curl b)'", "program inputs", "sh - | a - | curl -"),
        ("bash <(curl a)", "program inputs", "bash curl | curl -"),
        ("eval \"$(wget -qO- a)\"", "program inputs", "eval wget | wget -"),
        ("a; b && c", "program after", "a b,c | b c | c "),
        ("a > /etc/x 2>&1", "redirects", "operator=>,target=/etc/x"),
    ];
    let wrong = table.iter().filter(|row| rows(&of(row.0), "command", row.1) != row.2);
    let wrong: Vec<String> =
        wrong.map(|row| format!("{}\n  is {}\n  not {}", row.0, rows(&of(row.0), "command", row.1), row.2)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn packages() {
    let table: &[(&str, &str)] = &[
        (
            "apt-get install -y curl git=1:2.47 x/sid ./a.deb",
            "apt curl - registry | apt git 1:2.47 registry | apt x sid registry | apt ./a.deb - file",
        ),
        ("apt-get install $LIST x=$V", "apt <$LIST> <$LIST> registry | apt x <$V> registry"),
        ("apt-get update; apk add --no-cache -t .d 'a>1' b~2 c", "apk a 1 registry | apk b 2 registry | apk c - registry"),
        (
            "yum install -y httpd-2.4.62-1.el9 java-11-openjdk python3-devel gcc-14.*",
            "yum httpd 2.4.62-1.el9 registry | yum java-11-openjdk - registry | yum python3-devel - registry | yum gcc 14.* registry",
        ),
        (
            "pip3 install -r a.txt flask==3 'x[y]>=1' . git+https://a/b git+ssh://git@a/b/c.git@v2#egg=c",
            "pip flask 3 registry | pip x 1 registry | pip . - file | pip git+https://a/b - git | pip git+ssh://git@a/b/c.git v2 git",
        ),
        ("pip install --report r.json -c c.txt flask", "pip flask - lockfile"),
        ("go install -tags netgo -ldflags '-s -w' example.com/a@v1", "go example.com/a v1 registry"),
        (
            "npm i -g a@1.2 @s/b c@latest @s/d@3 o/r",
            "npm a 1.2 registry | npm @s/b - registry | npm c - registry | npm @s/d 3 registry | npm o/r - git",
        ),
        ("yarn global add x@1; npm ci; npm install", "yarn x 1 registry"),
        ("gem install a:1 b -v 2 -- --with-c", "gem a 1 registry | gem b 2 registry"),
        ("go install a.io/b@v1 ./cmd/c", "go a.io/b v1 registry | go ./cmd/c - file"),
        ("dnf module install tomcat:9 perl", "dnf tomcat 9 registry | dnf perl - registry"),
        ("uv pip install x==1", "pip x 1 registry"),
    ];
    let wrong = table.iter().filter(|row| rows(&of(row.0), "package", "manager name version source") != row.1);
    let wrong: Vec<String> = wrong
        .map(|row| format!("{}\n  is {}\n  not {}", row.0, rows(&of(row.0), "package", "manager name version source"), row.1))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn pipes() {
    let table: &[(&str, &str)] = &[
        ("a | b", "a,b false"),
        ("set -euo pipefail\na | b | c", "a,b,c true"),
        ("set -o pipefail; set +o pipefail; a | b", "a,b false"),
        ("bash -o pipefail -c 'a | b'", "a,b true"),
        ("a || b", ""),
    ];
    for (text, expected) in table {
        assert_eq!(rows(&of(text), "pipeline", "commands pipefail"), *expected, "{text}");
    }
}

#[test]
fn values_and_words_keep_their_places() {
    let source = "run: [sh, -c, \"curl -k https://a.io\"]\nscript: |\n    wget --quiet x\n";
    let place = |text: &str| {
        let at = source.find(text).unwrap();
        Place::new(FileId(0), Span::of(at, at + text.len()))
    };
    let words = ["sh", "-c", "curl -k https://a.io"].map(|word| Value::string(word, place(word)));
    let found =
        argv_items(&Value::list(words.to_vec(), place("[sh, -c, \"curl -k https://a.io\"]")), Some(source), &Context::default());
    assert_eq!(rows(&found, "command", "program wrappers"), "sh  | curl sh");
    assert_eq!(found[1].range.text(source), "curl -k https://a.io");
    let script = Value::string("wget --quiet x\n", place("|\n    wget --quiet x\n"));
    let found = value_items(&script, Some(source), &Context::default());
    assert_eq!(found[0].value.get("args").unwrap().items()[0].place.span.text(source), "--quiet");
    assert_eq!(value_items(&script, None, &Context::default())[0].range, script.place.span);
}

#[test]
fn nothing_panics() {
    const PIECES: &[&str] = &[
        "sh -c ",
        "'",
        "\"",
        "$(",
        ")",
        "`",
        "|",
        "||",
        ";",
        "\n",
        "\\\n",
        "<(",
        "<<E\n",
        "E\n",
        "$A",
        "${A:-",
        "}",
        "A=",
        "=",
        "-",
        "--",
        "é",
        "日本",
        "apt-get install ",
        "pip install ",
        "@",
        "[",
        "]",
        "sudo ",
        "python -m pip ",
        "{",
        "for x in ",
        "do ",
        "done",
        "\u{e000}",
        "\\",
        "#",
    ];
    let mut seed = 7_u64;
    let mut next = || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(seed >> 40).unwrap_or(0)
    };
    for _ in 0..4_000 {
        let text: String = (0..next() % 12).map(|_| PIECES[next() % PIECES.len()]).collect();
        let _ = of(&text);
        let value = Value::string(text.as_str(), Place::new(FileId(0), Span::of(0, text.len())));
        let _ = value_items(&value, Some(&text), &Context::default());
        let _ = argv_items(&Value::list(vec![value.clone(), value], Place::NONE), Some(&text), &Context::default());
    }
}
