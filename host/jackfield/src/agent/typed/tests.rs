use super::{HELP, Typed, parse};

fn say(text: &str) -> Typed {
    Typed::Say(text.to_owned())
}

#[test]
fn commands_are_understood() {
    assert_eq!(parse("  "), Typed::Nothing);
    assert_eq!(parse("available"), Typed::State("available", None));
    assert_eq!(parse("away"), Typed::State("away", None));
    assert_eq!(parse("away  for lunch "), Typed::State("away", Some("for lunch".to_owned())));
    assert_eq!(parse("accept"), Typed::Accept(None));
    assert_eq!(parse("accept 3"), Typed::Accept(Some("3".to_owned())));
    assert_eq!(parse("reject"), Typed::Reject(String::new()));
    assert_eq!(parse("reject 2 not mine"), Typed::Reject("2 not mine".to_owned()));
    assert_eq!(parse("use #2"), Typed::Use("#2".to_owned()));
    assert_eq!(parse("done"), Typed::Done(None));
    assert_eq!(parse("done solved"), Typed::Done(Some("solved".to_owned())));
    assert_eq!(parse("items"), Typed::Items);
    assert_eq!(parse("help"), Typed::Help);
    assert_eq!(parse(" quit "), Typed::Quit);
}

#[test]
fn talk_is_talk() {
    for text in [
        "Hello, how can I help?",
        "busy day today",
        "available tomorrow?",
        "accept our apologies",
        "use the other door",
        "done with that now",
        "help is near",
        "say",
        "Available",
        "items are out of stock",
    ] {
        assert_eq!(parse(text), say(text));
    }
    // `say` makes talk of everything.
    assert_eq!(parse("say done"), say("done"));
    assert_eq!(parse("say  quit it"), say("quit it"));
}

#[test]
fn help_names_every_command() {
    for word in
        ["available", "busy", "away", "finishing", "offline", "accept", "reject", "say", "items", "use", "done", "quit"]
    {
        assert!(HELP.contains(word), "{word}");
    }
}

#[test]
fn what_is_done_with_a_work_item_is_understood_and_talk_stays_talk() {
    let id = "0198c0de-0000-7000-8000-000000000001";
    let cases = [
        ("hold", Typed::Hold),
        ("resume", Typed::Resume),
        ("transfer ben", Typed::Transfer("ben".to_owned())),
        ("transfer queue sales", Typed::TransferToQueue("sales".to_owned())),
        ("consult ben", Typed::Consult("ben".to_owned())),
        ("handover", Typed::HandOver),
        ("takeback", Typed::TakeBack),
        ("leave", Typed::Leave),
    ];
    for (line, expected) in cases {
        assert_eq!(parse(line), expected, "{line}");
    }
    assert_eq!(parse(&format!("pick {id}")), Typed::Pick(id.to_owned()));
    for talk in ["hold on please", "transfer the money to me", "pick one", "leave it", "consult your doctor now"] {
        assert_eq!(parse(talk), Typed::Say(talk.to_owned()));
    }
}
