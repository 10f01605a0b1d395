//! Sample images of a pattern, to find the few rules that are compared with it.

use crate::rules::image::Image;
use crate::rules::pattern::PatternParts;

/// Returns images that a pattern matches, short ones and long ones. They are few, since most patterns are literal.
pub(crate) fn few(parts: &PatternParts) -> impl Iterator<Item = String> + Clone {
    let ends: &[&str] = match (parts.tag.as_deref(), parts.digest.as_deref()) {
        (None, None) => &[":sample-1", ""],
        _ => &[""],
    };
    let tag = parts.tag.as_deref().map(|tag| tag.replace('*', "1"));
    let digest = parts.digest.as_deref().map(sample_of_digest);
    let texts: &[&str] = if parts.is_literal { &["a"] } else { &["a", "b9"] };
    texts
        .iter()
        .flat_map(move |text| ends.iter().map(move |end| (text, end)))
        .map(move |(text, end)| {
            let mut sample = String::with_capacity(parts.name.len() + 32);
            sample_of_name(parts, text, &mut sample);
            sample.push_str(end);
            for (sign, part) in [(':', &tag), ('@', &digest)] {
                if let Some(part) = part {
                    sample.push(sign);
                    sample.push_str(part);
                }
            }
            sample
        })
        .filter(|sample| Image::parse(sample).is_ok())
}

/// Fills the wildcards of a name with a text.
fn sample_of_name(parts: &PatternParts, text: &str, sample: &mut String) {
    if parts.is_literal {
        sample.push_str(&parts.name);
    } else {
        for (number, segment) in parts.name.split('/').enumerate() {
            if number > 0 {
                sample.push('/');
            }
            sample.push_str(&match (segment, number) {
                ("**" | "*", 0) => format!("{text}.example.org"),
                ("**", _) => format!("{text}/{text}"),
                (_, 0) => segment.replace(":*", ":5999").replace('*', text),
                _ => segment.replace('*', text),
            });
        }
    }
    if parts.below || !parts.name.contains('/') {
        sample.push_str("/sample");
    }
}

fn sample_of_digest(digest: &str) -> String {
    if digest == "*" {
        return format!("sha256:{}", "0".repeat(64));
    }
    let literal = digest.replace('*', "");
    let missing = "sha256:".len() + 64usize.saturating_sub(literal.len());
    digest.replacen('*', &"0".repeat(missing), 1).replace('*', "")
}
