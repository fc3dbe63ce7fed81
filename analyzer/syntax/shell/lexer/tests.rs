use super::*;

/// Words as they are, operators in brackets, line ends as `⏎`, here-documents as `<<tag:body`.
fn shown(text: &str) -> String {
    let (tokens, documents) = tokens(text);
    let show = |token: &Token| {
        let written = token.span.text(text);
        match token.kind {
            Kind::Word => written.to_owned(),
            Kind::Newline => "⏎".to_owned(),
            Kind::Operator(_) | Kind::Descriptor | Kind::Arithmetic => format!("[{written}]"),
            Kind::HereDocument(index) => {
                let document = &documents[index];
                let body = document.body.map_or("∅", |body| body.text(text));
                format!("<<{}:{}", document.tag.text(text), body.replace('\n', "⏎"))
            }
        }
    };
    tokens.iter().map(show).collect::<Vec<_>>().join(" · ")
}

#[test]
fn words_operators_and_here_documents() {
    let rows = [
        ("a b#c # d\ne", "a · b#c · ⏎ · e"),
        ("a&&b||c;d&e|f|&g", "a · [&&] · b · [||] · c · [;] · d · [&] · e · [|] · f · [|&] · g"),
        ("a 2>&1 >>b &>c 3<d {x}<e", "a · [2] · [>&] · 1 · [>>] · b · [&>] · c · [3] · [<] · d · {x} · [<] · e"),
        (r#"a 'b c'"d e"\ f $'g\'h' $"i""#, r#"a · 'b c'"d e"\ f · $'g\'h' · $"i""#),
        (
            r#"a "$(b "c d" | e)" ${f:-g h} `i j` $((1 + (2 << 3)))"#,
            r#"a · "$(b "c d" | e)" · ${f:-g h} · `i j` · $((1 + (2 << 3)))"#,
        ),
        ("a $(case b in c) d;; (e) f; esac) g", "a · $(case b in c) d;; (e) f; esac) · g"),
        ("a $(b # c)\nd) e", "a · $(b # c)\nd) · e"),
        ("a=(b c) d+=(e) f g=(", "a=(b c) · d+=(e) · f · g=("),
        ("((a << 1)); ((b); c)", "[((a << 1))] · [;] · [(] · [(] · b · [)] · [;] · c · [)]"),
        ("((a) b); (( \")\" + '(' + \\( ))", "[(] · [(] · a · [)] · b · [)] · [;] · [(( \")\" + '(' + \\( ))]"),
        ("a @(b|c) !(d)", "a · @(b|c) · ! · [(] · d · [)]"),
        ("a\\\nb \\\n c\r\nd", "a\\\nb · c · ⏎ · d"),
        ("é'ü' ö", "é'ü' · ö"),
        // Bodies lie after the line, in the order of their operators.
        ("a <<A b <<-'B C'\n1\nA\n\t2\n\tB C\nd", "a · <<A:1⏎ · b · <<'B C':\t2⏎ · ⏎ · d"),
        ("a << A\nAA\nA \nA\r\nb", "a · <<A:AA⏎A ⏎ · ⏎ · b"),
        ("a <<\\A\n$(b\nA\nc", "a · <<\\A:$(b⏎ · ⏎ · c"),
        ("a <<\"\"\nb\n\nc", "a · <<\"\":b⏎ · ⏎ · c"),
        ("a $(b <<A\n)\nA\n) c", "a · $(b <<A\n)\nA\n) · c"),
        ("a $(b <<A\n)\nA) c", "a · $(b <<A\n)\nA) · c"),
        ("a <<A $(b\nc) d\n1\nA\ne", "a · <<A:c) d⏎1⏎ · $(b\nc) d\n1\nA\ne"),
        ("a \"$(b <<A\n\"\nA\n)\" c", "a · \"$(b <<A\n\"\nA\n)\" · c"),
        ("a <<A \"b\nc\"\n1\nA\nd", "a · <<A:1⏎ · \"b\nc\" · ⏎ · d"),
        // Without an end, and without a tag.
        ("a <<A\nb\nc", "a · <<A:b⏎c · ⏎"),
        ("a <<A", "a · <<A:∅"),
        ("a <<\nb", "a · [<<] · ⏎ · b"),
        ("a <<$(b\nc", "a · <<$(b\nc:∅"),
        ("a <<<b <<<<c", "a · [<<<] · b · [<<<] · [<] · c"),
        ("a 'b c", "a · 'b c"),
    ];
    for (text, expected) in rows {
        assert_eq!(shown(text), expected, "{text:?}");
    }
}
