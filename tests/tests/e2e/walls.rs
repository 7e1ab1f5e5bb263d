//! The walls between the rooms: who may name what, read from the sources.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use jackfield_tests::root;

mod code;

use code::{Source, sources_of};

/// The server's crates: name of the folder, and the folder.
fn crates() -> Vec<(String, PathBuf)> {
    let mut crates: Vec<_> = std::fs::read_dir(root().join("host"))
        .expect("the host's crates")
        .map(|entry| entry.expect("a folder").path())
        .filter(|path| path.join("Cargo.toml").exists())
        .filter_map(|path| Some((path.file_name()?.to_str()?.to_owned(), path)))
        // They measure the server and are no part of it.
        .filter(|(name, _)| !matches!(name.as_str(), "bench" | "benches"))
        .collect();
    crates.sort();
    assert!(crates.len() > 8, "{crates:?}");
    crates
}

/// The crates that a `Cargo.toml` depends on, without those of its tests.
fn dependencies(folder: &Path) -> BTreeSet<String> {
    let text = std::fs::read_to_string(folder.join("Cargo.toml")).expect("a Cargo.toml");
    let mut inside = false;
    let mut names = BTreeSet::new();
    for line in text.lines() {
        if line.starts_with('[') {
            inside = line == "[dependencies]" || line == "[build-dependencies]" || line.starts_with("[target.");
        } else if inside && let Some((name, _)) = line.split_once(['=', '.']) {
            names.insert(name.trim().to_owned());
        }
    }
    names
}

/// Where in the host's code one of these stands, outside of tests and comments.
fn found(words: &[&str], elsewhere_than: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for (name, folder) in crates() {
        if elsewhere_than.contains(&name.as_str()) {
            continue;
        }
        for source in sources_of(&folder.join("src")) {
            found.extend(source.lines_with(words));
        }
    }
    found
}

#[test]
fn only_the_sandbox_names_the_engine() {
    let dependents: Vec<_> = crates()
        .into_iter()
        .filter(|(_, folder)| dependencies(folder).contains("wasmtime"))
        .map(|(name, _)| name)
        .collect();
    assert_eq!(dependents, ["sandbox"]);
    assert_eq!(found(&["wasmtime"], &["sandbox"]), Vec::<String>::new());
}

/// The binary binds the listener that the gateway serves, and its command line is a client of the server.
const BINARY_SOCKETS: [&str; 3] = ["jackfield/src/serve.rs", "jackfield/src/client", "jackfield/src/agent"];

#[test]
fn only_egress_and_gateway_open_sockets() {
    let words = [
        "TcpStream",
        "TcpListener",
        "TcpSocket",
        "UdpSocket",
        "UnixStream",
        "UnixListener",
        "std::net::ToSocketAddrs",
        "lookup_host",
    ];
    let mut found = found(&words, &["egress", "gateway"]);
    found.retain(|line| !BINARY_SOCKETS.iter().any(|allowed| line.contains(allowed)));
    assert_eq!(found, Vec::<String>::new());
    let clients = ["hyper", "hyper-util", "reqwest", "tokio-tungstenite", "ureq"];
    for (name, folder) in crates() {
        let own: Vec<_> = dependencies(&folder).into_iter().filter(|name| clients.contains(&name.as_str())).collect();
        assert!(
            own.is_empty() || matches!(name.as_str(), "egress" | "gateway" | "jackfield"),
            "{name} depends on {own:?}"
        );
    }
}

#[test]
fn the_router_is_a_pure_state_machine() {
    let (_, folder) = crates().into_iter().find(|(name, _)| name == "router").expect("the router");
    let known: BTreeSet<String> = ["serde", "serde_json", "thiserror"].map(str::to_owned).into();
    assert_eq!(dependencies(&folder).difference(&known).collect::<Vec<_>>(), Vec::<&String>::new());
    let words = [
        "std::time",
        "std::fs",
        "std::net",
        "std::env",
        "std::thread",
        "std::process",
        "std::io",
        "SystemTime",
        "Instant",
        "rand",
        "getrandom",
        "tokio",
        "HashMap",
        "HashSet",
        "f64",
        "f32",
    ];
    let found: Vec<_> = sources_of(&folder.join("src")).iter().flat_map(|source| source.lines_with(&words)).collect();
    assert_eq!(found, Vec::<String>::new(), "no I/O, no clock, no chance, no order that changes");
}

#[test]
fn the_journal_knows_neither_specification_nor_router() {
    let (_, folder) = crates().into_iter().find(|(name, _)| name == "journal").expect("the journal");
    let own: Vec<_> = dependencies(&folder).into_iter().filter(|name| name.starts_with("jackfield")).collect();
    assert_eq!(own, Vec::<String>::new());
}

#[test]
fn only_binaries_use_anyhow() {
    for (name, folder) in crates() {
        let is_library = folder.join("src/lib.rs").exists();
        assert!(!is_library || !dependencies(&folder).contains("anyhow"), "{name} is a library and depends on anyhow");
    }
}

/// Names of media and of those who offer them. `webhook` is none: it is how HTTP brings any of them.
const MEDIA: [&str; 24] = [
    "sms",
    "mms",
    "email",
    "mail",
    "voice",
    "whatsapp",
    "telegram",
    "slack",
    "sip",
    "smtp",
    "lmtp",
    "imap",
    "webchat",
    "chat",
    "messenger",
    "twilio",
    "facebook",
    "instagram",
    "signal-messenger",
    "fax",
    "rcs",
    "viber",
    "telegraph",
    "xmpp",
];

#[test]
fn claim_4_the_server_names_no_medium() {
    let mut found = Vec::new();
    for (_, folder) in crates() {
        for source in sources_of(&folder) {
            found.extend(source.lines_with_whole_words(&MEDIA));
        }
    }
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn claim_4_the_search_for_media_finds_what_it_looks_for() {
    let finds = |text: &str| !Source::new("test.rs", text).lines_with_whole_words(&MEDIA).is_empty();
    assert!(finds("if message.media_type == \"sms\" {"));
    assert!(finds("fn is_sms(&self) -> bool {"));
    assert!(finds("struct SmsQueue;"));
    assert!(finds("let x = 1; let voiceWeight = 2;"));
    assert!(!finds("/// Such as `email`, `sms`, `chat`."));
    assert!(!finds("let mass = smsm + transmissions; // sms"));
}

#[test]
fn every_crate_has_the_licence_and_the_lints_of_all() {
    let mut folders: Vec<PathBuf> = crates().into_iter().map(|(_, folder)| folder).collect();
    folders.push(root().join("tests"));
    for workspace in ["drivers", "tests/guests"] {
        let members = std::fs::read_dir(root().join(workspace))
            .expect("a workspace")
            .map(|entry| entry.expect("a folder").path());
        folders.extend(members.filter(|path| path.join("Cargo.toml").exists()));
    }
    for folder in folders {
        let text = std::fs::read_to_string(folder.join("Cargo.toml")).expect("a Cargo.toml");
        assert!(text.contains("license.workspace = true"), "{}", folder.display());
        assert!(text.contains("[lints]\nworkspace = true"), "{}", folder.display());
        let sections = text
            .split("\n[")
            .filter(|section| section.split(']').next().is_some_and(|name| name.ends_with("dependencies")));
        let own = sections
            .flat_map(|section| section.lines().skip(1))
            // A crate of another workspace of this repository, a driver say, is found by its path.
            .find(|line| line.contains('=') && !line.contains("workspace = true") && !line.contains("{ path = \"../"));
        assert_eq!(own, None, "{}: versions and features belong to the workspace", folder.display());
    }
    for workspace in ["", "drivers", "tests/guests"] {
        let text = std::fs::read_to_string(root().join(workspace).join("Cargo.toml")).expect("a Cargo.toml");
        assert!(text.contains("license = \"MIT OR Apache-2.0\""), "{workspace}");
    }
    assert!(root().join("LICENSE").exists());
}

#[test]
fn nothing_is_left_over_in_the_sources() {
    // Written in two pieces, so that this file doesn't find itself.
    let words = [
        concat!("TO", "DO"),
        concat!("FIX", "ME"),
        concat!("XX", "X:"),
        concat!("dbg", "!("),
        concat!("unimpl", "emented!("),
        concat!("to", "do!("),
    ];
    let mut found = Vec::new();
    for top in ["host", "drivers", "tests", "wit", "docs"] {
        for source in code::files_of(&root().join(top)) {
            let text = source.text();
            found.extend(
                words.iter().filter(|word| text.contains(**word)).map(|word| format!("{}: {word}", source.name())),
            );
            let lines = text.lines().count();
            let is_code = source.name().ends_with(".rs");
            if is_code && lines > 600 {
                found.push(format!("{}: {lines} lines", source.name()));
            }
        }
    }
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn the_top_level_has_no_other_folders() {
    let known = ["host", "wit", "drivers", "tests", "docs", ".ci", ".git", "target"];
    let other: Vec<_> = std::fs::read_dir(root())
        .expect("the top folder")
        .map(|entry| entry.expect("an entry"))
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| !known.contains(&name.as_str()))
        .collect();
    assert_eq!(other, Vec::<String>::new());
}
