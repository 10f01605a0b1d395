//! The known word that the user may have intended.

/// Returns the candidate that is most similar to a word, if it is similar enough to be a typing mistake.
#[must_use]
pub fn similar<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    /// Longer words are not typing mistakes, and the comparison takes time in the product of both lengths.
    const LONGEST: usize = 64;
    if word.len() > LONGEST {
        return None;
    }
    let lower = word.to_lowercase();
    candidates
        .into_iter()
        .filter(|candidate| candidate.len() <= LONGEST)
        .map(|candidate| (strsim::osa_distance(&lower, &candidate.to_lowercase()), candidate))
        .filter(|(distance, candidate)| *distance <= candidate.chars().count().div_ceil(3).min(3))
        // The first of several that are equally similar.
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn similar_word_is_found_and_another_is_not() {
        let candidates = ["namespace", "label", "operation", "hub"];
        for (word, meant) in [
            ("namspace", Some("namespace")),
            ("Label", Some("label")),
            ("opreation", Some("operation")),
            ("hubb", Some("hub")),
            ("color", None),
            ("x", None),
        ] {
            assert_eq!(similar(word, candidates), meant, "{word}");
        }
    }
}
