use super::*;
use crate::facts;

#[test]
fn an_export_is_read_as_it_was_written() {
    let mut record = Record::new("desk", "webhook@0.1.0", "sha256:00", json!({ "memory": 1 }));
    let ending = Ending::Failed { kind: "trap".to_owned(), text: "unreachable".to_owned() };
    let step = |answer| Step { function: "clock.now".to_owned(), arguments: json!([]), answer };
    let steps = vec![step(Some(json!(7))), step(Some(Value::Null)), step(None)];
    record.calls.push(Call { handler: "Receive".to_owned(), at: 1, input: json!(["x"]), steps, ending });
    let mut file = Vec::new();
    write_export(&mut file, [record.clone()]).expect("memory takes it");
    let path = Path::new("a.jsonl");
    assert_eq!(read_export(file.as_slice(), path).expect("an export"), [record]);
    for wrong in
        [&b""[..], b"{}\n", b"{\"format\":\"jackfield-record\",\"version\":2}\n", &[file.as_slice(), b"x\n"].concat()]
    {
        assert!(matches!(read_export(wrong, path), Err(Error::Format { .. })));
    }
}

#[test]
fn calls_go_into_records_in_order() {
    let mut record = Record::new("desk", "webhook@0.1.0", "sha256:00", Value::Null);
    let call = |handler: &str| Call {
        handler: handler.to_owned(),
        at: 0,
        input: Value::Null,
        steps: Vec::new(),
        ending: Ending::Returned { answer: Value::Null },
    };
    record.calls = vec![call("Configure"), call("Receive")];
    let first = record.split_off();
    record.calls.push(call("Fire"));
    let second = record.split_off();
    assert_eq!((first.first, first.calls.len(), second.first, second.calls.len()), (0, 2, 2, 1));
    assert_eq!(first.instance, second.instance);
    assert_ne!(first.id, second.id);
}

#[test]
fn what_is_long_is_kept_as_its_digest() {
    let long = vec![b'a'; LONGEST + 1];
    let digest = json!({ "$sha256": hex::encode(sha2::Sha256::digest(&long)), "size": LONGEST + 1 });
    assert_eq!(shortened(facts(&(1_u32, &long))), json!([1, digest]));
    assert_eq!(shortened(facts(&String::from_utf8(long).expect("text"))), digest);
    let short = facts(&vec![b'a'; LONGEST]);
    assert_eq!(shortened(short.clone()), short);
}
