//! An editor without a screen: speaks to `plimsoll server` over pipes, and remembers what it was told.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// Nothing takes longer than this, even on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Client {
    pub(crate) server: Child,
    input: ChildStdin,
    messages: Receiver<Value>,
    next: i64,
    versions: BTreeMap<String, i64>,
    /// Answers that have come, by the number of the request.
    answers: BTreeMap<i64, Value>,
    /// By URI: the last diagnostics that were sent, with the version that they are about.
    pub(crate) published: BTreeMap<String, (Option<i64>, Vec<Value>)>,
    /// When they came.
    pub(crate) published_at: BTreeMap<String, Instant>,
    /// What it answers to requests of the server, by method; else nothing.
    pub(crate) replies: BTreeMap<String, Value>,
    /// The methods of requests and notifications of the server, except diagnostics.
    pub(crate) heard: Vec<String>,
    pub(crate) root: PathBuf,
    pub(crate) offer: Value,
}

impl Client {
    /// Starts the server in a folder and greets it with these capabilities.
    pub(crate) fn start(program: &Path, root: &Path, capabilities: Value) -> Self {
        Self::started(program, root, capabilities, Value::Null, &[])
    }

    /// The same with initialization options, and answers to requests of the server.
    pub(crate) fn started(program: &Path, root: &Path, capabilities: Value, options: Value, replies: &[(&str, Value)]) -> Self {
        let mut client = Self::unstarted(program, root);
        client.replies = replies.iter().map(|(method, reply)| ((*method).to_owned(), reply.clone())).collect();
        let folder = json!([{ "uri": uri(root), "name": "workspace" }]);
        client.offer = client.request(
            "initialize",
            json!({
                "processId": std::process::id(), "rootUri": uri(root), "workspaceFolders": folder, "capabilities": capabilities,
                "initializationOptions": options,
            }),
        );
        client.notify("initialized", json!({}));
        client
    }

    /// Starts the server, and says nothing yet.
    pub(crate) fn unstarted(program: &Path, root: &Path) -> Self {
        let mut server = Command::new(program)
            .arg("server")
            .current_dir(root)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let input = server.stdin.take().unwrap();
        let mut output = BufReader::new(server.stdout.take().unwrap());
        let (sender, messages) = channel();
        std::thread::spawn(move || {
            while let Some(message) = message(&mut output) {
                if sender.send(message).is_err() {
                    return;
                }
            }
        });
        Self {
            server,
            input,
            messages,
            next: 0,
            versions: BTreeMap::new(),
            answers: BTreeMap::new(),
            published: BTreeMap::new(),
            published_at: BTreeMap::new(),
            replies: BTreeMap::new(),
            heard: Vec::new(),
            root: root.to_owned(),
            offer: Value::Null,
        }
    }

    /// Writes bytes as they are.
    pub(crate) fn write(&mut self, bytes: &[u8]) {
        self.input.write_all(bytes).unwrap();
        self.input.flush().unwrap();
    }

    pub(crate) fn send(&mut self, message: &Value) {
        let text = message.to_string();
        self.write(format!("Content-Length: {}\r\n\r\n{text}", text.len()).as_bytes());
    }

    pub(crate) fn notify(&mut self, method: &str, params: Value) {
        self.send(&json!({ "jsonrpc": "2.0", "method": method, "params": params }));
    }

    /// Asks, and does not wait: the number of the request.
    pub(crate) fn ask(&mut self, method: &str, params: Value) -> i64 {
        self.next += 1;
        let mut request = json!({ "jsonrpc": "2.0", "id": self.next, "method": method });
        if !params.is_null() {
            request["params"] = params;
        }
        self.send(&request);
        self.next
    }

    /// The whole answer of a request, `result` or `error`.
    pub(crate) fn answer(&mut self, id: i64) -> Value {
        self.wait(|client| client.answers.contains_key(&id), "an answer");
        self.answers.remove(&id).unwrap()
    }

    /// Asks, and waits for the result.
    pub(crate) fn request(&mut self, method: &str, params: Value) -> Value {
        let id = self.ask(method, params);
        let answer = self.answer(id);
        assert!(answer.get("error").is_none(), "{method}: {answer}");
        answer["result"].clone()
    }

    /// Listens until something holds.
    pub(crate) fn wait(&mut self, holds: impl Fn(&Self) -> bool, what: &str) {
        let end = Instant::now() + PATIENCE;
        while !holds(self) {
            let left = end
                .checked_duration_since(Instant::now())
                .unwrap_or_else(|| panic!("waited in vain for {what}: {:#?}", self.published));
            match self.messages.recv_timeout(left) {
                Ok(message) => self.hear(message),
                Err(error) => panic!("waited in vain for {what} ({error}): {:#?}", self.published),
            }
        }
    }

    /// Listens for a while.
    pub(crate) fn listen(&mut self, time: Duration) {
        let end = Instant::now() + time;
        while let Some(left) = end.checked_duration_since(Instant::now()) {
            let Ok(message) = self.messages.recv_timeout(left) else { return };
            self.hear(message);
        }
    }

    fn hear(&mut self, message: Value) {
        match (message.get("method").and_then(Value::as_str), message.get("id").cloned()) {
            (Some("textDocument/publishDiagnostics"), _) => {
                let params = &message["params"];
                let diagnostics = params["diagnostics"].as_array().unwrap().clone();
                let uri = params["uri"].as_str().unwrap().to_owned();
                self.published_at.insert(uri.clone(), Instant::now());
                self.published.insert(uri, (params["version"].as_i64(), diagnostics));
            }
            (Some(method), id) => {
                self.heard.push(method.to_owned());
                let result = self.replies.get(method).cloned().unwrap_or_default();
                if let Some(id) = id {
                    self.send(&json!({ "jsonrpc": "2.0", "id": id, "result": result }));
                }
            }
            (None, Some(id)) => {
                self.answers.insert(id.as_i64().unwrap_or(-1), message);
            }
            (None, None) => panic!("no message: {message}"),
        }
    }

    pub(crate) fn uri(&self, path: &str) -> String {
        uri(&self.root.join(path))
    }

    pub(crate) fn open(&mut self, path: &str, text: &str) {
        let uri = self.uri(path);
        self.versions.insert(uri.clone(), 1);
        self.notify(
            "textDocument/didOpen",
            json!({ "textDocument": { "uri": uri, "languageId": "any", "version": 1, "text": text } }),
        );
    }

    /// Sends changes: ranges as `[line, column, line, column]` with the new text, or the whole text.
    pub(crate) fn change(&mut self, path: &str, changes: &[(Option<[usize; 4]>, &str)]) -> i64 {
        let uri = self.uri(path);
        let version = self.versions.get_mut(&uri).unwrap();
        *version += 1;
        let version = *version;
        let changes: Vec<Value> = changes
            .iter()
            .map(|(range, text)| match range {
                Some([a, b, c, d]) => json!({ "range": range_of([*a, *b, *c, *d]), "text": text }),
                None => json!({ "text": text }),
            })
            .collect();
        self.notify(
            "textDocument/didChange",
            json!({ "textDocument": { "uri": uri, "version": version }, "contentChanges": changes }),
        );
        version
    }

    pub(crate) fn close(&mut self, path: &str) {
        let uri = self.uri(path);
        self.notify("textDocument/didClose", json!({ "textDocument": { "uri": uri } }));
    }

    /// What was sent last about a file, as `line:column-line:column rule message`, from 0.
    pub(crate) fn lines(&self, path: &str) -> Vec<String> {
        self.published.get(&self.uri(path)).map(|(_, diagnostics)| diagnostics.iter().map(line).collect()).unwrap_or_default()
    }

    /// Waits until exactly these rules have been reported about a file, and in this version of it, when there is one.
    pub(crate) fn expect(&mut self, path: &str, version: Option<i64>, rules: &[&str]) {
        let uri = self.uri(path);
        let holds = |client: &Self| {
            let (at, diagnostics) = client.published.get(&uri).cloned().unwrap_or_default();
            let codes: Vec<&str> = diagnostics.iter().map(|diagnostic| diagnostic["code"].as_str().unwrap_or("")).collect();
            codes == rules && version.is_none_or(|version| at == Some(version))
        };
        self.wait(holds, &format!("{rules:?} in {path}, version {version:?}"));
    }

    /// Everything that is known about all files, when everything has been judged.
    pub(crate) fn everything(&mut self) -> BTreeMap<String, Vec<Value>> {
        let report = self.request("workspace/diagnostic", json!({ "previousResultIds": [] }));
        let items = report["items"].as_array().unwrap();
        items
            .iter()
            .map(|item| (item["uri"].as_str().unwrap().to_owned(), item["items"].as_array().cloned().unwrap_or_default()))
            .collect()
    }

    /// Says goodbye: the exit status.
    pub(crate) fn stop(mut self) -> Option<i32> {
        self.request("shutdown", Value::Null);
        self.send(&json!({ "jsonrpc": "2.0", "method": "exit" }));
        self.server.wait().unwrap().code()
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// One diagnostic on a line.
pub(crate) fn line(diagnostic: &Value) -> String {
    let place = |end: &str| format!("{}:{}", diagnostic["range"][end]["line"], diagnostic["range"][end]["character"]);
    format!(
        "{}-{} {} {}",
        place("start"),
        place("end"),
        diagnostic["code"].as_str().unwrap_or(""),
        diagnostic["message"].as_str().unwrap_or("")
    )
}

pub(crate) fn range_of([a, b, c, d]: [usize; 4]) -> Value {
    json!({ "start": { "line": a, "character": b }, "end": { "line": c, "character": d } })
}

pub(crate) fn uri(path: &Path) -> String {
    format!("file://{}", path.to_str().unwrap())
}

fn message(output: &mut impl BufRead) -> Option<Value> {
    let mut length = 0;
    loop {
        let mut header = String::new();
        if output.read_line(&mut header).ok()? == 0 {
            return None;
        }
        let header = header.trim();
        if header.is_empty() {
            break;
        }
        if let Some(number) = header.strip_prefix("Content-Length:") {
            length = number.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    output.read_exact(&mut body).ok()?;
    serde_json::from_slice(&body).ok()
}
