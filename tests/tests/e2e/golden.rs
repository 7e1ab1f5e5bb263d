//! Compiled drivers that were kept: each build loads them and runs them. See `tests/golden-drivers/bless.sh`.

use std::path::PathBuf;

use jackfield_tests::{Agent, Server, Setup, Sink, jackfield, root, sha256};
use serde_json::json;

struct Golden {
    path: PathBuf,
    file: String,
    version: String,
    digest: String,
}

impl Golden {
    fn is_of(&self, driver: &str) -> bool {
        self.file == format!("{driver}-{}.wasm", self.version)
    }
}

fn kept() -> Vec<Golden> {
    let folder = root().join("tests/golden-drivers");
    let manifest = std::fs::read_to_string(folder.join("manifest")).expect("the manifest");
    let golden = |line: &str| {
        let [file, version, digest] = line.split(' ').collect::<Vec<_>>().try_into().expect("three columns");
        let (file, version, digest): (&str, &str, &str) = (file, version, digest);
        Golden {
            path: folder.join(file),
            file: file.to_owned(),
            version: version.to_owned(),
            digest: digest.to_owned(),
        }
    };
    manifest.lines().map(golden).collect()
}

#[test]
fn every_kept_driver_is_in_the_manifest_and_as_it_was() {
    let kept = kept();
    assert!(!kept.is_empty(), "one of each version is kept");
    for golden in &kept {
        let bytes = std::fs::read(&golden.path).expect(&golden.file);
        assert_eq!(sha256(&bytes), golden.digest, "{} was changed; put it back", golden.file);
    }
    let folder = std::fs::read_dir(root().join("tests/golden-drivers")).expect("the folder");
    let files = folder.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned());
    let unknown: Vec<_> =
        files.filter(|file| file.ends_with(".wasm") && !kept.iter().any(|golden| golden.file == *file)).collect();
    assert_eq!(unknown, Vec::<String>::new(), "keep it with tests/golden-drivers/bless.sh");
}

#[tokio::test]
async fn every_kept_driver_is_loaded() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for golden in kept() {
        let checked = jackfield(folder.path(), &["driver", "check", &golden.path.to_string_lossy()]).await.expect(0);
        assert!(checked.stdout.contains(&golden.digest), "{}: {}", golden.file, checked.stdout);
    }
}

/// The driver `webhook` is kept for each version: it has both ways.
#[tokio::test(flavor = "multi_thread")]
async fn a_kept_driver_takes_a_request_in_and_an_answer_out() {
    let kept = kept();
    for version in kept.iter().map(|golden| &golden.version) {
        let golden = kept.iter().find(|golden| golden.version == *version && golden.is_of("webhook"));
        let golden = golden.unwrap_or_else(|| panic!("keep a webhook.wasm of {version}"));
        let sink = Sink::start().await;
        let channel = format!(
            "[[channel]]\nid = \"kept\"\ndriver = \"webhook\"\n[channel.settings]\nsignature = \"none\"\n\
             reply-url = \"{}\"\n[channel.grants]\nhttp = [\"{}\"]",
            sink.url("/"),
            sink.url("")
        );
        // A driver's file has its name.
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("webhook.wasm");
        std::fs::copy(&golden.path, &file).expect("the kept driver");
        let server = Server::start(Setup::simple(&["ana"]).driver(file).text(&channel)).await;
        let drivers = server.operator().get("/v1/drivers").await.expect(200).text();
        assert!(drivers.contains(&golden.digest), "this one serves: {drivers}");
        let mut ana = Agent::available(&server, "ana").await;
        server.http().post("/channels/kept", &json!({"id": "1", "from": "kim", "text": "hello"})).await.expect(200);
        let item = ana.accept().await["workItem"]["id"].clone();
        let sent = ana.reply(&item, "hello kim").await;
        assert_eq!(sink.wait_for(1).await[0].json()["parts"][0]["text"], "hello kim");
        ana.event_where("message.status", |data| data["messageId"] == sent && data["status"] == "sent").await;
    }
}
