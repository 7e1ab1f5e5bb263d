//! All mails of `mail-parser`'s corpus, brought by LMTP: text, sender, subject and files are what its JSON says.

use std::path::PathBuf;
use std::process::Command;

use jackfield_sdk::{Message, Part, native};
use serde_json::Value;

use super::{LMTP, bring, driver, pushed};

fn corpus() -> PathBuf {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--locked", "--manifest-path"])
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"))
        .output()
        .expect("cargo metadata");
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let packages = metadata["packages"].as_array().expect("packages");
    let package = packages.iter().find(|package| package["name"] == "mail-parser").expect("mail-parser");
    let manifest = PathBuf::from(package["manifest_path"].as_str().expect("a path"));
    manifest.parent().expect("a folder").join("resources/eml")
}

pub fn mails() -> Vec<(PathBuf, Vec<u8>)> {
    let mut mails = Vec::new();
    for folder in std::fs::read_dir(corpus()).expect("the corpus") {
        for file in std::fs::read_dir(folder.expect("a folder").path()).expect("a folder") {
            let path = file.expect("a file").path();
            if path.extension().is_some_and(|extension| extension == "eml") {
                mails.push((path.clone(), std::fs::read(&path).expect("a mail")));
            }
        }
    }
    mails.sort();
    mails
}

fn header<'a>(mail: &'a Value, name: &str) -> Option<&'a Value> {
    let headers = mail["parts"][0]["headers"].as_array()?;
    headers.iter().rev().find(|header| header["name"] == name).map(|header| &header["value"])
}

/// The bytes of a file, as the JSON has them.
fn bytes(part: &Value) -> Option<Vec<u8>> {
    let body = part["body"].as_object()?;
    let (kind, value) = body.iter().next()?;
    match kind.as_str() {
        "Text" | "Html" => Some(value.as_str()?.as_bytes().to_vec()),
        "Binary" | "InlineBinary" => {
            Some(value.as_array()?.iter().map(|byte| byte.as_u64().unwrap_or_default() as u8).collect())
        }
        // A mail within: its raw bytes aren't in the JSON.
        _ => None,
    }
}

fn files(message: &Message) -> Vec<(Option<String>, Vec<u8>)> {
    let files = message.attachments().filter(|file| file.name.as_deref() != Some("message.html"));
    files
        .map(|file| {
            let blob = file.blob.clone().expect("a blob");
            (file.name.clone(), native::with(|host| host.blobs[&blob].clone()))
        })
        .collect()
}

fn one_line(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect::<String>().trim().into()
}

#[test]
fn all_of_it_comes_in_as_its_json_says() {
    let mails = mails();
    assert_eq!(mails.len(), 107);
    for (path, raw) in mails {
        let name = path.display().to_string();
        // What comes by SMTP has CRLF at its lines' ends.
        let json = std::fs::read(path.with_extension("crlf.json")).expect("what is expected");
        let expected: Value = serde_json::from_slice(&json).expect("JSON");
        let driver = driver(LMTP);
        let answer = bring(&driver, "envelope@example.net", &["help@support.test"], &raw);
        assert_eq!(answer, "250 2.0.0 taken\r\n", "{name}");
        let messages = pushed();
        let [message] = &messages[..] else { panic!("{name}: {} messages", messages.len()) };
        let work_item = message.work_item.as_ref().expect("a work item");

        let subject = header(&expected, "subject").and_then(|subject| subject["Text"].as_str()).map(one_line);
        assert_eq!(work_item.subject, subject.filter(|subject| !subject.is_empty()), "{name}");

        let from = header(&expected, "from").map(|from| &from["Address"]);
        let from = from.and_then(|from| from["List"][0].as_object().or(from["Group"][0]["addresses"][0].as_object()));
        if let Some(address) =
            from.and_then(|from| from["address"].as_str()).filter(|address| crate::address::is_address(address))
        {
            assert_eq!(work_item.customer.address, address.to_lowercase(), "{name}");
            let from_name = from.and_then(|from| from["name"].as_str()).map(one_line);
            assert_eq!(work_item.customer.name, from_name.filter(|name| !name.is_empty()), "{name}");
        }

        let part = |id: &Value| &expected["parts"][id.as_u64().expect("a part") as usize];
        let text_bodies: Vec<&Value> = expected["text_body"].as_array().expect("a list").iter().map(part).collect();
        let plain: Option<Vec<&str>> = text_bodies
            .iter()
            .filter(|part| part["body"].get("InlineBinary").is_none())
            .map(|part| part["body"]["Text"].as_str())
            .collect();
        if let Some(plain) = plain {
            let readable = |letter: &char| !letter.is_control() || "\r\n\t".contains(*letter);
            let plain: String = plain.join("\n").chars().filter(readable).collect();
            let text: Vec<&str> = message
                .parts
                .iter()
                .filter_map(|part| match part {
                    Part::Text(text) => Some(text.text.as_str()),
                    _ => None,
                })
                .collect();
            // By SMTP a mail's last line has an end, whether it had one or not.
            assert_eq!(text.concat().trim_end(), plain.trim_end(), "{name}");
        }

        let attachments: Vec<&Value> = expected["attachments"].as_array().expect("a list").iter().map(part).collect();
        let found = files(message);
        assert_eq!(found.len(), attachments.len(), "{name}");
        for (file, part) in found.iter().zip(attachments) {
            match bytes(part) {
                Some(bytes) => assert_eq!(file.1.trim_ascii_end(), bytes.trim_ascii_end(), "{name}"),
                None => assert!(!file.1.is_empty(), "{name}: a mail within has bytes"),
            }
        }
    }
}
