use super::*;
use crate::shell::WordPart;

fn commands(text: &str, continuation: Continuation) -> Vec<String> {
    let script = parse(text, continuation);
    for command in &script.commands {
        assert!(text.get(command.span.range()).is_some(), "{text}");
    }
    let word = |word: &Word| {
        let part = |part: &WordPart| match part {
            WordPart::Text(text) => text.to_string(),
            WordPart::Variable(name) => format!("<{name}>"),
            WordPart::Other(text) => format!("<{text}>"),
        };
        word.parts.iter().map(part).collect::<String>()
    };
    script.commands.iter().map(|command| command.argv.iter().map(word).collect::<Vec<_>>().join(" ")).collect()
}

#[test]
fn commands_are_found_wherever_they_stand() {
    let rows: &[(&str, &[&str])] = &[
        ("apt-get update && apt-get install -y curl=1", &["apt-get update", "apt-get install -y curl=1"]),
        ("curl -sSL \"https://x/$V\" | sh -s", &["curl -sSL https://x/<V>", "sh -s"]),
        ("if true; then a; else b; fi; for x in 1 2; do c $x; done", &["true", "a", "b", "c <x>"]),
        ("FOO=1 sudo -u root sh -c 'rm -rf /x; y'", &["sudo -u root sh -c rm -rf /x; y", "sh -c rm -rf /x; y", "rm -rf /x", "y"]),
        ("echo $(date +%s) `id`", &["echo <$(date +%s)> <`id`>", "date +%s", "id"]),
        ("a > /dev/null 2>&1 &", &["a"]),
        ("f() { g; }; f", &["g", "f"]),
        ("set -eux; \\\n  a; \\\n  b", &["set -eux", "a", "b"]),
        ("a 'open", &["a open"]),
    ];
    for (text, expected) in rows {
        assert_eq!(commands(text, Continuation::Shell), *expected, "{text}");
    }
    let text = "apt-get install \\\n  # comment\n  curl \\\n\n  wget";
    assert_eq!(commands(text, Continuation::Dockerfile('\\')), ["apt-get install curl wget"]);
}

#[test]
fn pipes_are_numbered() {
    let script = parse("a | b && c", Continuation::Shell);
    let places: Vec<_> = script.commands.iter().map(|command| (command.pipeline, command.position)).collect();
    assert_eq!(places, [(1, 0), (1, 1), (2, 0)]);
}

#[test]
fn nothing_nests_too_deep() {
    for unit in ["(", "{ ", "$(", "`", "if x; then ", "\"$(", "((", "<<", "<<A\n", "case x in ", "${a:-"] {
        let _ = parse(&unit.repeat(100_000), Continuation::Shell);
        let _ = parse(&unit.repeat(39), Continuation::Shell);
    }
}

/// What shells make of here-documents: of one that is not quoted, its substitutions run; of one that a shell reads, all of it.
#[test]
fn here_documents_are_read() {
    let rows: &[(&str, &[&str])] = &[
        ("cat <<A > b; c\n$(d e) 'f' `g`\nA\nh", &["cat", "c", "d e", "g", "h"]),
        ("cat <<'A'\n$(d)\nA\nh", &["cat", "h"]),
        ("sudo bash -e <<A\nb c\nA\nd", &["sudo bash -e", "bash -e", "b c", "d"]),
        ("sh a <<A\nb c\nA", &["sh a"]),
        ("a $(b <<A\nc )\nA\n) d", &["a <$(b <<A\nc )\nA\n)> d", "b"]),
        ("a `b <<A\nc\nA\n` d", &["a <`b <<A\nc\nA\n`> d", "b"]),
        ("while read x; do y; done <<A\n$(z)\nA\nb", &["read x", "y", "z", "b"]),
        ("a <<A <<B\n$(b)\nA\n$(c)\nB\nd", &["a", "b", "c", "d"]),
        ("a <<\"\" ", &["a"]),
        ("a <<x${\"\" ", &["a"]),
        ("a $(b <<   Q ", &["a <$(b <<   Q >", "b"]),
        ("a <<x$(\"\" ", &["a"]),
        ("a <<< \"$(b)\"\n", &["a", "b"]),
    ];
    for (text, expected) in rows {
        assert_eq!(commands(text, Continuation::Shell), *expected, "{text:?}");
    }
    let text = "cat <<-A <<'B'\n\t$b\n\tA\n$c\nB\n";
    let script = parse(text, Continuation::Shell);
    let told: Vec<_> =
        script.commands[0].documents.iter().map(|one| (one.body.span.text(text), one.body.parts.as_slice())).collect();
    let part = |text: &str| WordPart::Text(text.into());
    let first = [part("\t"), WordPart::Variable("b".into()), part("\n")];
    assert_eq!(told, [("\t$b\n", first.as_slice()), ("$c\n", [part("$c\n")].as_slice())]);
}

/// What is broken costs what it stands in, not the commands around.
#[test]
fn broken_scripts_are_read() {
    let rows: &[(&str, &[&str])] = &[
        ("if a; b; fi; c", &["a", "b", "c"]),
        ("a; done; b; fi c", &["a", "b", "c"]),
        ("( a; b", &["a", "b"]),
        ("if ( a; then b; fi; c", &["a", "b", "c"]),
        ("a && | b", &["a", "b"]),
        ("case a in b) c;; d", &["c"]),
        ("a > ; b", &["a", "b"]),
        ("for a in; b", &["b"]),
        ("f() g; h", &["g", "h"]),
    ];
    for (text, expected) in rows {
        assert_eq!(commands(text, Continuation::Shell), *expected, "{text:?}");
    }
}

#[test]
fn compound_commands_are_read() {
    let rows: &[(&str, &[&str])] = &[
        ("for a in $(b) c; do d; done; for ((i = 0; i < 1 << 2; i++)) { e; }", &["b", "d", "e"]),
        ("case $(a) in (b|c) d ;; e) f; esac; g", &["a", "d", "f", "g"]),
        ("select a in b; do c; done", &["c"]),
        ("function f { a; }; function g() { b; }; h() (c)", &["a", "b", "c"]),
        ("coproc a { b; }; coproc c", &["b", "c"]),
        ("[[ -f $(a) && b < c || (d == e) ]] && f; [[ a =~ ^(b|c)$ ]]\ng", &["a", "f", "g"]),
        ("a <(b) > >(c) d", &["a d", "b", "c"]),
        ("! time -p a | b", &["a", "b"]),
        ("a=1 b=(c $(d)) e f=2", &["e f=2", "d"]),
        ("if a; then b; elif c; then d; else e; fi > f", &["a", "b", "c", "d", "e"]),
        ("until a; do b; done & { c; } && ((d = 1)) || e", &["a", "b", "c", "e"]),
    ];
    for (text, expected) in rows {
        let mut found = commands(text, Continuation::Shell);
        let mut expected = expected.to_vec();
        found.sort_unstable();
        expected.sort_unstable();
        assert_eq!(found, expected, "{text:?}");
    }
}

#[test]
fn redirections_are_kept() {
    let script = parse("a >b 2>>c <d 3<>e >|f >&g &>>h <<<i 2>&1 <&3 >&-", Continuation::Shell);
    let told: Vec<_> =
        script.commands[0].redirects.iter().map(|(operator, word)| format!("{operator}{}", word.text().unwrap())).collect();
    assert_eq!(told, [">b", "2>>c", "<d", "3<>e", ">|f", "&>g", "&>h", "<<<i"]);
}
