//! Addresses of mail.

/// Somebody's address, with the name beside it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Mailbox {
    pub name: Option<String>,
    pub address: String,
}

/// Reads `a@b` or `Name <a@b>`; none where that is no address that mail could go to.
pub fn parse(text: &str) -> Option<Mailbox> {
    let text = text.trim();
    let (name, address) = match text.strip_suffix('>').and_then(|rest| rest.rsplit_once('<')) {
        Some((name, address)) => (Some(name.trim().trim_matches('"').to_owned()), address),
        None => (None, text),
    };
    is_address(address).then(|| Mailbox { name: name.filter(|name| !name.is_empty()), address: address.into() })
}

/// Whether mail can go there: one `@`, no space, control character or bracket, and no longer than RFC 5321 allows.
pub fn is_address(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else {
        return false;
    };
    let clean = |part: &str| {
        !part.is_empty()
            && !part.chars().any(|letter| letter.is_control() || letter.is_whitespace() || "<>".contains(letter))
    };
    text.len() <= 254
        && clean(local)
        && clean(domain)
        && !local.starts_with('-')
        && (!local.contains('@') || (local.starts_with('"') && local.ends_with('"')))
        && !domain.contains([',', ';', '(', ')', '"', '\\'])
}

/// The address in lower case, without what stands behind the first `+` of the local part.
pub fn without_tag(address: &str) -> String {
    let lower = address.to_lowercase();
    match lower.rsplit_once('@') {
        Some((local, domain)) => format!("{}@{domain}", local.split('+').next().unwrap_or_default()),
        None => lower,
    }
}

/// What stands behind the first `+` of the local part, in lower case.
pub fn tag(address: &str) -> Option<String> {
    let (local, _) = address.rsplit_once('@')?;
    local.split_once('+').map(|(_, tag)| tag.to_lowercase())
}

/// The address with a tag behind its local part.
pub fn with_tag(address: &str, tag: &str) -> String {
    match address.rsplit_once('@') {
        Some((local, domain)) => format!("{local}+{tag}@{domain}"),
        None => address.into(),
    }
}
