//! Regular expressions; Go's syntax is that of the `regex` crate but for trifles.

use regex::Regex;

use super::{Answer, Function, picks, plain};
use crate::run::Call;
use crate::text::{Builder, Source};
use crate::value::Value;

pub(super) const TABLE: &[Function] = &[
    plain("regexMatch", "ss", |call| Ok(Value::bool(compiled(call).is_ok_and(|regex| regex.is_match(call.str(1)))))),
    plain("mustRegexMatch", "ss", |call| Ok(Value::bool(compiled(call)?.is_match(call.str(1))))),
    picks("regexFind", "ss", find),
    picks("mustRegexFind", "ss", find),
    picks("regexFindAll", "ssi", find_all),
    picks("mustRegexFindAll", "ssi", find_all),
    picks("regexReplaceAll", "sss", |call| replace(call, true)),
    picks("mustRegexReplaceAll", "sss", |call| replace(call, true)),
    picks("regexReplaceAllLiteral", "sss", |call| replace(call, false)),
    picks("mustRegexReplaceAllLiteral", "sss", |call| replace(call, false)),
    picks("regexSplit", "ssi", split),
    picks("mustRegexSplit", "ssi", split),
    plain("regexQuoteMeta", "s", |call| {
        let special = |c: char| "\\.+*?()|[]{}^$".contains(c);
        Ok(call.str(0).chars().flat_map(|c| special(c).then_some('\\').into_iter().chain([c])).collect::<String>().into())
    }),
];

fn compiled(call: &Call<'_>) -> Result<Regex, String> {
    let pattern = call.str(0);
    // `\Z` and `\C` are unknown to both; `\z` is the same, and Go reads `\_` as the letter itself.
    regex::RegexBuilder::new(&pattern.replace("\\_", "_"))
        .size_limit(1 << 20)
        .build()
        .map_err(|error| format!("error parsing regexp: {}", error.to_string().lines().last().unwrap_or("")))
}

fn find(call: &mut Call<'_>) -> Answer {
    let text = call.text(1);
    Ok(match compiled(call)?.find(text.as_str()) {
        Some(found) => text.slice(found.start(), found.end()).into(),
        None => "".into(),
    })
}

fn find_all(call: &mut Call<'_>) -> Answer {
    let text = call.text(1);
    let most = usize::try_from(call.int(2)).unwrap_or(usize::MAX);
    let regex = compiled(call)?;
    Ok(Value::list(
        regex.find_iter(text.as_str()).take(most).map(|found| text.slice(found.start(), found.end()).into()).collect(),
    ))
}

fn replace(call: &Call<'_>, expand: bool) -> Answer {
    let (text, instead) = (call.text(1), call.text(2));
    let regex = compiled(call)?;
    let mut out = Builder::default();
    let mut from = 0;
    for found in regex.captures_iter(text.as_str()) {
        let Some(whole) = found.get(0) else { continue };
        out.push_slice(&text, from, whole.start(), Source::default());
        if expand && instead.as_str().contains('$') {
            let mut expanded = String::new();
            found.expand(instead.as_str(), &mut expanded);
            let source = text.slice(whole.start(), whole.end()).runs().first().map(|run| Source { exact: false, ..run.source });
            out.push_str(&expanded, source.unwrap_or_default());
        } else {
            out.push_text(&instead, Source::default());
        }
        from = whole.end();
    }
    out.push_slice(&text, from, text.as_str().len(), Source::default());
    Ok(out.finish().into())
}

fn split(call: &mut Call<'_>) -> Answer {
    let text = call.text(1);
    let most = usize::try_from(call.int(2)).unwrap_or(usize::MAX);
    let regex = compiled(call)?;
    let mut out: Vec<Value> = Vec::new();
    if most == 0 {
        return Ok(Value::list(out));
    }
    let mut from = 0;
    for found in regex.find_iter(text.as_str()) {
        if out.len() + 1 >= most {
            break;
        }
        if found.end() == 0 {
            continue;
        }
        out.push(text.slice(from, found.start()).into());
        from = found.end();
    }
    out.push(text.slice(from, text.as_str().len()).into());
    Ok(Value::list(out))
}
