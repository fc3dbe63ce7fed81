//! What comes in, message by message: one that is broken is put aside and answered, and the session goes on.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use serde_json::Value;
use tokio::io::{AsyncRead, ReadBuf};

/// Stands for a message that is no JSON.
pub(crate) const BROKEN: &str = "plimsoll/broken";
/// Stands for JSON that is no message.
pub(crate) const INVALID: &str = "plimsoll/invalid";

/// Hands on whole messages only, and requests of our own in place of those that cannot be read.
pub(crate) struct Input<R> {
    inner: R,
    /// Read, and not yet a whole message.
    raw: Vec<u8>,
    /// To be handed on, and how much of it has been.
    out: Vec<u8>,
    taken: usize,
}

impl<R> Input<R> {
    pub(crate) const fn new(inner: R) -> Self {
        Self { inner, raw: Vec::new(), out: Vec::new(), taken: 0 }
    }

    /// Moves whole messages on.
    fn sort(&mut self) {
        while let Some((body, end)) = frame(&self.raw) {
            let message = self.raw.get(body..end).unwrap_or_default();
            match wrong(message) {
                None => self.out.extend(self.raw.drain(..end)),
                Some(method) => {
                    self.raw.drain(..end);
                    let request = format!(r#"{{"jsonrpc":"2.0","id":null,"method":"{method}"}}"#);
                    self.out.extend(format!("Content-Length: {}\r\n\r\n{request}", request.len()).bytes());
                }
            }
        }
    }
}

/// Where the first message begins and ends, when all of it is there and its header can be read.
fn frame(raw: &[u8]) -> Option<(usize, usize)> {
    let body = raw.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    let header = std::str::from_utf8(raw.get(..body)?).ok()?;
    let length = header.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    })?;
    let end = body.checked_add(length)?;
    (raw.len() >= end).then_some((body, end))
}

/// The request that stands for a message that cannot be read.
fn wrong(message: &[u8]) -> Option<&'static str> {
    let Ok(value) = serde_json::from_slice::<Value>(message) else { return Some(BROKEN) };
    let is_call = value.get("method").is_some_and(Value::is_string);
    let is_answer = value.get("id").is_some() && (value.get("result").is_some() || value.get("error").is_some());
    (!(is_call || is_answer) || value.get("jsonrpc").and_then(Value::as_str) != Some("2.0")).then_some(INVALID)
}

impl<R: AsyncRead + Unpin> AsyncRead for Input<R> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<std::io::Result<()>> {
        while self.taken == self.out.len() {
            self.out.clear();
            self.taken = 0;
            let mut space = [0; 16 << 10];
            let mut read = ReadBuf::new(&mut space);
            ready!(Pin::new(&mut self.inner).poll_read(context, &mut read))?;
            if read.filled().is_empty() {
                // The end: what is left is nobody's message, and is judged by who reads it.
                let rest = std::mem::take(&mut self.raw);
                if rest.is_empty() {
                    return Poll::Ready(Ok(()));
                }
                self.out = rest;
            } else {
                self.raw.extend_from_slice(read.filled());
                self.sort();
            }
        }
        let rest = self.out.get(self.taken..).unwrap_or_default();
        let part = rest.get(..rest.len().min(buffer.remaining())).unwrap_or_default();
        buffer.put_slice(part);
        let passed = part.len();
        self.taken += passed;
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_read_is_replaced() {
        let framed = |text: &str| format!("Content-Length: {}\r\n\r\n{text}", text.len());
        let call = r#"{"jsonrpc":"2.0","method":"initialized","params":{}}"#;
        let mut input = Input::new(());
        for part in [framed("{\"broken\""), framed(call), framed("[]"), "Content-Length: 5\r\n\r\n{".to_owned()] {
            input.raw.extend(part.bytes());
        }
        input.sort();
        let out = String::from_utf8(input.out).unwrap();
        let at = |text: &str| out.find(text).unwrap();
        assert!(at(BROKEN) < at(call) && at(call) < at(INVALID), "{out}");
        assert_eq!(input.raw, b"Content-Length: 5\r\n\r\n{", "the rest is still to come");
    }
}
