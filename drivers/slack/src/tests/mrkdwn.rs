//! Slack's text, both ways.

use crate::mrkdwn::{escaped, escaped_length, readable};

fn read(text: &str) -> String {
    readable(text, |user| (user == "U2").then(|| "Bo".into()))
}

#[test]
fn what_stands_in_brackets_is_readable() {
    for (text, expected) in [
        ("a &lt;b&gt; &amp;amp; c", "a <b> &amp; c"),
        ("hi <@U2> and <@U3> and <@U4|kim>", "hi @Bo and @U3 and @kim"),
        ("in <#C1|general> or <#C2>", "in #general or #C2"),
        ("<!here> <!channel> <!subteam^S1|@team> <!subteam^S2>", "@here @channel @team @subteam"),
        ("<!date^1392734382^{date}|Feb 18>", "Feb 18"),
        (
            "<https://a.example/?x=1&amp;y=2|the page> <https://b.example/>",
            "the page (https://a.example/?x=1&y=2) https://b.example/",
        ),
        ("<http://a.example|a.example> <mailto:a@b.c|a@b.c> <tel:+43|+43>", "a.example a@b.c +43"),
        ("<https://a.example|x &gt; y>", "x > y (https://a.example)"),
        ("open < here", "open < here"),
        ("<> <|> <@> <!>", "  @ @"),
    ] {
        assert_eq!(read(text), expected, "{text}");
    }
}

#[test]
fn nobody_is_called_by_an_answer() {
    assert_eq!(escaped("<!channel> & <@U1> &lt;"), "&lt;!channel&gt; &amp; &lt;@U1&gt; &amp;lt;");
    let text = "a<b>&ä👍";
    assert_eq!(text.chars().map(escaped_length).sum::<usize>(), escaped(text).chars().count());
    assert_eq!(read(&escaped(text)), text);
}
