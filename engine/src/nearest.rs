//! The name that a misspelt one was probably meant to be.

/// Longer texts are compared by their beginnings: the work grows with the product of the lengths.
const MAX_CHARS: usize = 64;

/// The name that has the text in it, or else the one that takes the fewest letters to change, put in or leave out; case and blanks
/// around it apart. The first of several; `None` without any name.
pub fn nearest<'a>(text: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let text = letters(text);
    names.into_iter().min_by_key(|name| {
        let name = letters(name);
        (!has(&name, &text), distance(&text, &name))
    })
}

fn letters(text: &str) -> Vec<char> {
    text.trim().chars().flat_map(char::to_lowercase).take(MAX_CHARS).collect()
}

/// Whether a text is a part of a name.
fn has(name: &[char], part: &[char]) -> bool {
    !part.is_empty() && name.windows(part.len()).any(|window| window == part)
}

/// The distance of Levenshtein, row by row.
fn distance(one: &[char], other: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (nr, letter) in (1..).zip(one) {
        let (mut before, mut left) = (nr - 1, nr);
        for (place, theirs) in row.iter_mut().skip(1).zip(other) {
            let changed = before + usize::from(letter != theirs);
            before = *place;
            left = changed.min(left + 1).min(before + 1);
            *place = left;
        }
        if let Some(first) = row.first_mut() {
            *first = nr;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances() {
        for (one, other, expected) in [
            ("", "", 0),
            ("", "abc", 3),
            ("abc", "", 3),
            ("kitten", "sitting", 3),
            ("flaw", "lawn", 2),
            ("saturday", "sunday", 3),
            ("a", "b", 1),
        ] {
            assert_eq!(distance(&letters(one), &letters(other)), expected, "{one} {other}");
            assert_eq!(distance(&letters(other), &letters(one)), expected, "{other} {one}");
        }
    }

    #[test]
    fn the_nearest_name() {
        let names = ["Direct", "Email", "Paid Search", "Organic Search", "SMS"];
        for (text, expected) in [
            ("email", "Email"),
            (" DIRECT ", "Direct"),
            ("organic-search", "Organic Search"),
            ("E-Mail", "Email"),
            ("sm", "SMS"),
            ("search", "Paid Search"),
            ("Organic", "Organic Search"),
        ] {
            assert_eq!(nearest(text, names), Some(expected), "{text}");
        }
        assert_eq!(nearest("x", []), None);
        assert_eq!(nearest(&"a".repeat(1_000_000), names), Some("Paid Search"));
    }
}
