//! What an agent types.

/// A typed line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Typed {
    /// An empty line.
    Nothing,
    /// A presence, and why.
    State(&'static str, Option<String>),
    /// Take an offer: the one named, or the newest.
    Accept(Option<String>),
    /// Refuse an offer. The first word may name it, the rest says why.
    Reject(String),
    /// To the customer.
    Say(String),
    /// List work items and offers.
    Items,
    /// Use this work item.
    Use(String),
    /// End the work item, with a wrap-up code.
    Done(Option<String>),
    /// Say what can be typed.
    Help,
    /// Leave.
    Quit,
}

/// What can be typed.
pub(super) const HELP: &str = "\
available, busy, away [REASON], finishing, offline
accept [N]             take the offer of work item N, or the newest
reject [N] [REASON]    refuse it
TEXT, say TEXT         answer the customer of the work item in use
items                  list offers and work items
use N                  answer the customer of work item N from now on
done [CODE]            end the work item in use; again: end wrapping up
quit                   leave";

/// Understands a line.
///
/// What isn't a command is said to a customer, so a word is a command only in exactly its form: `busy` alone is one,
/// `busy day` is talk.
pub(super) fn parse(line: &str) -> Typed {
    let line = line.trim();
    let (word, rest) = line.split_once(char::is_whitespace).map_or((line, ""), |(word, rest)| (word, rest.trim()));
    let one_word = !rest.contains(char::is_whitespace);
    let named = || (!rest.is_empty()).then(|| rest.to_owned());
    match word {
        "" => Typed::Nothing,
        "available" if rest.is_empty() => Typed::State("available", None),
        "busy" if rest.is_empty() => Typed::State("busy", None),
        "finishing" if rest.is_empty() => Typed::State("finishing", None),
        "offline" if rest.is_empty() => Typed::State("offline", None),
        "away" => Typed::State("away", named()),
        "accept" if one_word => Typed::Accept(named()),
        "reject" => Typed::Reject(rest.to_owned()),
        "say" if !rest.is_empty() => Typed::Say(rest.to_owned()),
        "items" if rest.is_empty() => Typed::Items,
        "use" if one_word && !rest.is_empty() => Typed::Use(rest.to_owned()),
        "done" if one_word => Typed::Done(named()),
        "help" | "?" if rest.is_empty() => Typed::Help,
        "quit" | "exit" if rest.is_empty() => Typed::Quit,
        _ => Typed::Say(line.to_owned()),
    }
}

#[cfg(test)]
mod tests;
