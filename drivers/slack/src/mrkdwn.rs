//! Slack's way to write text: `<...>` around what stands for something else, and three characters escaped.

/// A text as people read it. `name_of` knows users' names by their ids.
pub fn readable(text: &str, name_of: impl Fn(&str) -> Option<String>) -> String {
    let mut readable = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('<') {
        readable.push_str(&unescaped(&rest[..start]));
        let Some(end) = rest[start..].find('>') else {
            // Nothing of Slack's: it escapes what people write.
            readable.push_str(&unescaped(&rest[start..]));
            return readable;
        };
        readable.push_str(&meaning(&rest[start + 1..start + end], &name_of));
        rest = &rest[start + end + 1..];
    }
    readable.push_str(&unescaped(rest));
    readable
}

/// What stands in the angle brackets: a user, a channel, a group, everybody, a date or a link.
fn meaning(inside: &str, name_of: impl Fn(&str) -> Option<String>) -> String {
    let (target, label) = inside.split_once('|').map_or((inside, None), |(target, label)| (target, Some(label)));
    let label = label.filter(|label| !label.is_empty()).map(unescaped);
    if let Some(user) = target.strip_prefix('@') {
        let name = label.or_else(|| name_of(user)).unwrap_or_else(|| user.into());
        return format!("@{}", name.trim_start_matches('@'));
    }
    if let Some(channel) = target.strip_prefix('#') {
        return format!("#{}", label.unwrap_or_else(|| channel.into()).trim_start_matches('#'));
    }
    if let Some(special) = target.strip_prefix('!') {
        let word = special.split('^').next().unwrap_or_default();
        return label.unwrap_or_else(|| format!("@{word}"));
    }
    let url = unescaped(target);
    match label {
        Some(label) if !shows(&label, &url) => format!("{label} ({url})"),
        Some(label) => label,
        None => url,
    }
}

/// Whether a label is the address itself, as Slack makes them.
fn shows(label: &str, url: &str) -> bool {
    let bare = |text: &str| {
        let text = ["https://", "http://", "mailto:", "tel:"]
            .iter()
            .find_map(|scheme| text.strip_prefix(scheme))
            .unwrap_or(text);
        text.trim_end_matches('/').to_owned()
    };
    bare(label) == bare(url)
}

/// Without the escapes, each once.
fn unescaped(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

/// A text that Slack shows as it is: nobody is called by it, whatever stands in it.
pub fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// How many characters one becomes.
pub fn escaped_length(character: char) -> usize {
    match character {
        '&' => 5,
        '<' | '>' => 4,
        _ => 1,
    }
}
