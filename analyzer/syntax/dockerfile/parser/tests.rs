use super::*;

fn shape(source: &str) -> (Vec<String>, usize) {
    let tree = parse(&source.into());
    let words = |instruction: &Instruction| instruction.words.iter().map(|word| format!(" {}", word.text)).collect::<String>();
    let row = |instruction: &Instruction| format!("{}{}", instruction.keyword, words(instruction));
    (tree.instructions.iter().map(row).collect(), tree.errors.len() + tree.refused.len())
}

#[test]
fn instructions_have_words() {
    let rows: &[(&str, &[&str], usize)] = &[
        ("", &[], 0),
        ("FROM a:1 AS b\n", &["FROM a:1 AS b"], 0),
        ("\u{feff}from a\r\nRUN x \\\r\n  # note\r\n  y\r\n", &["FROM a", "RUN"], 0),
        ("FROM a\nENV A=1 B='x y' C=\"z\"\nENV old value here\n", &["FROM a", "ENV A=1 B=x y C=z", "ENV old=value here"], 0),
        ("FROM a\nCOPY --chown=1:1 [\"a b\", \"c\"]\n", &["FROM a", "COPY a b c"], 0),
        ("FROM a\nRUN <<EOF cat\none\nEOF\nUSER x\n", &["FROM a", "RUN", "USER x"], 0),
        ("FROM a\nFRMO b\nUSER x\n", &["FROM a", "FRMO", "USER x"], 1),
        ("FROM a\nCOPY x\nUSER x\n", &["FROM a", "COPY x", "USER x"], 1),
        ("FROM a\nRUN <<EOF\nnever closed\n", &["FROM a", "RUN"], 1),
        ("# escape=`\nFROM a\nRUN x `\n y\nUSER z\n", &["FROM a", "RUN", "USER z"], 0),
        ("FROM a\nONBUILD RUN x\nHEALTHCHECK --interval=5s CMD y\n", &["FROM a", "ONBUILD", "HEALTHCHECK"], 0),
        ("RUN x\n", &["RUN"], 1),
    ];
    for (source, expected, errors) in rows {
        let (found, count) = shape(source);
        assert_eq!(found, *expected, "{source}");
        assert_eq!(count, *errors, "{source}");
    }
}

#[test]
fn spans_are_those_of_the_file() {
    let source = "FROM a\nRUN apt-get \\\n  # why\n  update\nCOPY --from=b c d\n";
    let tree = parse(&source.into());
    assert_eq!(tree.instructions[1].arguments.text(source), "apt-get \\\n  # why\n  update");
    assert_eq!(tree.comments.iter().map(|span| span.text(source)).collect::<Vec<_>>(), ["# why"]);
    let copy = &tree.instructions[2];
    assert_eq!(copy.flags[0].span.text(source), "--from=b");
    assert_eq!(copy.flags[0].value.as_ref().map(|word| word.span.text(source)), Some("b"));
    assert_eq!(copy.words[1].span.text(source), "d");
}
