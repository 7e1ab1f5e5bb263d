//! How many segments a text is sent in, which is what it costs.

/// The alphabet of GSM 03.38; each of these is one septet.
const GSM: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
/// Its extension; each of these is two septets, the first an escape.
const GSM_EXTENSION: &str = "^{}\\[~]|€\u{c}";

/// How a text is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segments {
    pub count: u32,
    /// `gsm-7` or `ucs-2`
    pub encoding: &'static str,
}

impl Segments {
    /// Counts. One character outside the GSM alphabet makes the whole text UCS-2.
    pub fn of(text: &str) -> Self {
        let septets: Option<Vec<u32>> = text.chars().map(septets).collect();
        match septets {
            Some(sizes) => Self { count: count(&sizes, 160, 153), encoding: "gsm-7" },
            None => {
                let sizes: Vec<u32> = text.chars().map(|character| character.len_utf16() as u32).collect();
                Self { count: count(&sizes, 70, 67), encoding: "ucs-2" }
            }
        }
    }
}

fn septets(character: char) -> Option<u32> {
    if GSM.contains(character) {
        Some(1)
    } else if GSM_EXTENSION.contains(character) {
        Some(2)
    } else {
        None
    }
}

/// `single`: what fits into one segment; `each`: into each of several, which lose room to a header. No character is cut
/// in two.
fn count(sizes: &[u32], single: u32, each: u32) -> u32 {
    if sizes.iter().sum::<u32>() <= single {
        return 1;
    }
    let mut segments = 1;
    let mut used = 0;
    for size in sizes {
        if used + size > each {
            segments += 1;
            used = 0;
        }
        used += size;
    }
    segments
}
