//! Vendors' own libraries, asked through small scripts in `tests/peers`: JSON in, text out.

use std::process::Stdio;

use serde_json::Value;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use crate::files::{peer, python, root};

/// What a script in Python prints.
///
/// # Panics
/// It fails.
pub async fn ask_python(script: &str, input: &Value) -> String {
    let mut command = Command::new(python());
    command.arg(root().join("tests/peers").join(script));
    ask(command, input).await
}

/// What a script in JavaScript prints.
///
/// # Panics
/// It fails.
pub async fn ask_node(script: &str, input: &Value) -> String {
    let text = std::fs::read_to_string(root().join("tests/peers").join(script)).expect("the script");
    let mut command = Command::new("node");
    // A module that is given as text finds packages from the folder that it is run in.
    command.args(["--input-type=module", "--eval", &text]).current_dir(peer("node"));
    ask(command, input).await
}

async fn ask(mut command: Command, input: &Value) -> String {
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true).spawn().expect("the peer runs");
    let mut stdin = child.stdin.take().expect("its stdin");
    stdin.write_all(input.to_string().as_bytes()).await.expect("it reads");
    drop(stdin);
    let output = child.wait_with_output().await.expect("it ends");
    assert!(output.status.success(), "the peer fails on {input}");
    String::from_utf8(output.stdout).expect("a text").trim().to_owned()
}
