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

#[test]
fn here_documents_without_an_end_are_read_all_the_same() {
    for text in
        ["a <<\"\" ", "a <<x${\"\" ", "a $(b <<   Q ", "a <<x$(\"\" ", "a <<${\"\"} ", "a <<'x'\ny\nx\n", "a <<< \"$(b)\"\n"]
    {
        let script = parse(text, Continuation::Shell);
        let first = script.commands.first().and_then(|command| command.argv.first()).and_then(Word::text);
        assert_eq!(first.as_deref(), Some("a"), "{text:?}");
    }
}
