//! Who called, by what a carrier wrote as the caller: a phone number in E.164 form, another address as it is written, or nobody
//! where the number is withheld. docs/calls.md has the rules and the list.

use std::borrow::Cow;

/// A longer text is nothing that carriers write: it stays as it is.
const LONGEST: usize = 1 << 12;
/// Digits of a number with its country code.
const E164_DIGITS: core::ops::RangeInclusive<usize> = 8..=15;
/// What carriers, PBXs and RFC 3323 write for a caller who is not to be known, in lower case, letters and digits alone.
const WITHHELD: [&str; 41] = [
    "anonymous",
    "anonymouscaller",
    "anonymousnumber",
    "asterisk",
    "blocked",
    "blockedcaller",
    "blockednumber",
    "calleridblocked",
    "calleridrestricted",
    "calleridunavailable",
    "calleridwithheld",
    "hidden",
    "hiddennumber",
    "na",
    "nocallerid",
    "none",
    "nonumber",
    "notavailable",
    "notprovided",
    "notset",
    "null",
    "numberunavailable",
    "numberwithheld",
    "outofarea",
    "private",
    "privatecaller",
    "privatenumber",
    "restricted",
    "restrictedcaller",
    "restrictednumber",
    "suppressed",
    "unavailable",
    "unavailablenumber",
    "undefined",
    "unidentified",
    "unknown",
    "unknowncaller",
    "unknownnumber",
    "withheld",
    "withheldcaller",
    "withheldnumber",
];
/// Longest of them.
const LONGEST_WORD: usize = 19;
/// The words as Twilio spells them on a keypad: anonymous, blocked, restricted, unavailable, unknown. Two of them it has sent with
/// the country code of the USA before them.
const SPELLED: [&str; 7] =
    ["266696687", "2562533", "7378742833", "86282452253", "8656696", "1266696687", "17378742833"];
/// hidden, private and withheld: behind + or 00 alone, where no number is as short; without, somebody may have it.
const SPELLED_ABROAD: [&str; 3] = ["443336", "7748283", "94844353"];
/// The hosts of addresses that name nobody: RFC 3323 and RFC 5767, 3GPP TS 24.229.
const NOBODYS_HOSTS: [&str; 2] = ["anonymous.invalid", "unknown.invalid"];
/// At most so many zeros are nobody's number: fewer may be an extension.
const FEWEST_ZEROS: usize = 7;
/// What stands before an address.
const SCHEMES: [&str; 5] = ["sips:", "sip:", "tel:", "callto:", "whatsapp:"];
/// Countries whose numbers keep the zero before the area code: Italy, San Marino, the Vatican.
const KEEP_ZERO: [&str; 3] = ["39", "378", "379"];

/// The same text for all ways in which one number is written; `None` for nobody: a text that is blank, or says that the number is
/// withheld.
pub fn caller_id(text: &str) -> Option<Cow<'_, str>> {
    // Most callers are already in this form.
    if let Some(digits) = text.strip_prefix('+').filter(|digits| is_e164(digits)) {
        return (!is_spelled(digits, true)).then_some(Cow::Borrowed(text));
    }
    if text.len() > LONGEST {
        return Some(Cow::Borrowed(text));
    }
    let (user, host) = user_and_host(text);
    if is_withheld(&user) || NOBODYS_HOSTS.iter().any(|nobody| host.eq_ignore_ascii_case(nobody)) {
        return None;
    }
    match Number::read(&user) {
        Some(number) if number.is_nobodys() => None,
        Some(number) => Some(number.e164().map_or(Cow::Borrowed(text), Cow::Owned)),
        None => Some(Cow::Borrowed(text)),
    }
}

fn is_e164(digits: &str) -> bool {
    E164_DIGITS.contains(&digits.len()) && !digits.starts_with('0') && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether digits spell a word. `abroad`: they stood behind a country code's sign.
fn is_spelled(digits: &str, abroad: bool) -> bool {
    SPELLED.contains(&digits) || abroad && SPELLED_ABROAD.contains(&digits)
}

/// Blanks, and the marks that come along with a number copied from a page: they show nothing.
fn is_blank(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// What people put between the digits of a number.
fn is_punctuation(c: char) -> bool {
    is_blank(c)
        || matches!(
            c,
            '-' | '.' | '/' | '(' | ')' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{ff08}' | '\u{ff09}' | '\u{ff0d}'
        )
}

/// The part of an address that says who, and its host: of `"Rossi" <sip:+390612345@example.com:5060;user=phone>;tag=1` the number
/// and `example.com`. A text without a host is its own.
fn user_and_host(text: &str) -> (Cow<'_, str>, &str) {
    let mut address = text;
    if let Some((_, rest)) = address.rsplit_once('<') {
        address = rest.split_once('>').map_or(address, |(inside, _)| inside);
    }
    address = address.trim_matches(is_blank);
    for scheme in SCHEMES {
        let parts = address.split_at_checked(scheme.len());
        if let Some((_, rest)) = parts.filter(|(start, _)| start.eq_ignore_ascii_case(scheme)) {
            address = rest;
            break;
        }
    }
    let (user, host) = address.split_once('@').unwrap_or((address, address));
    let until = |text: &'_ str, ends: &[char]| text.find(ends).unwrap_or(text.len());
    let host = host.get(..until(host, &[':', ';', '?', '>'])).unwrap_or_default();
    // Parameters of the number, a password.
    let user = user.get(..until(user, &[';', '?', ':'])).unwrap_or_default();
    (decoded(user.trim_matches(is_blank)), host.trim_matches(is_blank))
}

/// In an address a plus may be written as `%2B`.
fn decoded(user: &str) -> Cow<'_, str> {
    if user.contains('%') { Cow::Owned(user.replace("%2B", "+").replace("%2b", "+")) } else { Cow::Borrowed(user) }
}

/// Whether a text has no letter and no digit, or is one of the words.
fn is_withheld(user: &str) -> bool {
    let letters = user.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase);
    let mut word = [0u8; LONGEST_WORD];
    let mut length = 0;
    for c in letters {
        let Some(place) = word.get_mut(length).filter(|_| c.is_ascii()) else { return false };
        *place = c as u8;
        length += 1;
    }
    let word = word.get(..length).and_then(|word| core::str::from_utf8(word).ok()).unwrap_or_default();
    word.is_empty() || WITHHELD.binary_search(&word).is_ok()
}

/// A text that is digits and punctuation alone.
struct Number {
    digits: [u8; Self::MOST],
    length: usize,
    /// A plus stood before them.
    plus: bool,
}

impl Number {
    /// The longest number behind `00`.
    const MOST: usize = 17;

    fn read(text: &str) -> Option<Self> {
        let mut number = Self { digits: [0; Self::MOST], length: 0, plus: false };
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            if number.is_trunk_zero(rest) {
                rest = rest.get(3..).unwrap_or_default();
                continue;
            }
            rest = rest.get(c.len_utf8()..).unwrap_or_default();
            match c {
                '0'..='9' => {
                    *number.digits.get_mut(number.length)? = c as u8;
                    number.length += 1;
                }
                '+' | '\u{ff0b}' if number.length == 0 && !number.plus => number.plus = true,
                _ if is_punctuation(c) => {}
                _ => return None,
            }
        }
        (number.length > 0).then_some(number)
    }

    fn digits(&self) -> &str {
        self.digits.get(..self.length).and_then(|digits| core::str::from_utf8(digits).ok()).unwrap_or_default()
    }

    /// The digits from the country code on, where the number has one.
    fn abroad(&self) -> Option<&str> {
        if self.plus { Some(self.digits()) } else { self.digits().strip_prefix("00") }
    }

    /// Whether a zero in brackets follows that is dialled within the country alone, as in +44 (0)20.
    fn is_trunk_zero(&self, rest: &str) -> bool {
        rest.starts_with("(0)")
            && self.abroad().is_some_and(|code| (1..=3).contains(&code.len()) && !KEEP_ZERO.contains(&code))
    }

    /// Whether it spells a word, or is zeros alone, as some PBXs write.
    fn is_nobodys(&self) -> bool {
        let abroad = self.abroad();
        self.length >= FEWEST_ZEROS && self.digits().bytes().all(|digit| digit == b'0')
            || is_spelled(abroad.unwrap_or(self.digits()), abroad.is_some())
    }

    fn e164(&self) -> Option<String> {
        self.abroad().filter(|digits| is_e164(digits)).map(|digits| format!("+{digits}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_are_searched_as_they_lie() {
        assert!(WITHHELD.is_sorted());
        assert_eq!(WITHHELD.iter().map(|word| word.len()).max(), Some(LONGEST_WORD));
        assert!(WITHHELD.iter().all(|word| word.bytes().all(|byte| byte.is_ascii_lowercase())));
    }

    /// The digits are those of the words on a keypad.
    #[test]
    fn words_are_spelled_by_their_keys() {
        let keys = |word: &str| -> String {
            let groups = ["abc", "def", "ghi", "jkl", "mno", "pqrs", "tuv", "wxyz"];
            let key = |c: char| groups.iter().position(|group| group.contains(c)).map(|place| (place + 2).to_string());
            word.chars().filter_map(key).collect()
        };
        for word in ["anonymous", "blocked", "restricted", "unavailable", "unknown"] {
            assert!(is_spelled(&keys(word), false), "{word}");
        }
        for word in ["hidden", "private", "withheld"] {
            assert!(is_spelled(&keys(word), true) && !is_spelled(&keys(word), false), "{word}");
        }
    }
}
