//! Who called: what is one number, and who is nobody.

use mrcall_engine::caller_id::caller_id;
use proptest::prelude::*;

fn id(text: &str) -> Option<String> {
    caller_id(text).map(std::borrow::Cow::into_owned)
}

#[test]
fn one_number_in_many_ways() {
    for text in [
        "+390612345678",
        "00390612345678",
        "+39 06 1234 5678",
        "(+39) 06-1234-5678",
        "+39.06.1234.5678",
        "+39/06/12345678",
        "+39\u{a0}06\u{2011}12345678",
        "\u{202a}+39 06 12345678\u{202c}",
        " +390612345678 ",
        "0039 06 1234 5678",
        "(0039) 06 12345678",
        "+39 (0)6 12345678",
        "tel:+390612345678",
        "tel:+39-06-1234-5678;ext=12",
        "TEL:00390612345678",
        "sip:+390612345678@sip.example.com",
        "sip:+390612345678@sip.example.com:5060;user=phone",
        "sips:00390612345678@10.0.0.1",
        "sip:%2B390612345678@sip.example.com",
        "sip:+390612345678;npdi@sip.example.com;transport=tls?subject=x",
        "sip:+390612345678:secret@sip.example.com",
        "<sip:+390612345678@sip.example.com>;tag=88sja8x",
        "\"Mario Rossi\" <sip:+390612345678@sip.example.com>",
        "Mario Rossi <+390612345678>",
        "\"Anonymous\" <sip:+390612345678@sip.example.com>",
        "whatsapp:+390612345678",
        "+390612345678@sip.example.com",
        "\u{ff0b}390612345678",
    ] {
        assert_eq!(id(text).as_deref(), Some("+390612345678"), "{text:?}");
    }
    // A zero that is dialled within the country alone; Italian numbers have one of their own.
    for text in ["+44 (0)20 7946 0958", "0044 (0) 20 7946 0958", "+442079460958", "+44 20 7946 0958"] {
        assert_eq!(id(text).as_deref(), Some("+442079460958"), "{text}");
    }
}

#[test]
fn nobody() {
    for text in [
        "",
        " ",
        "\t\r\n",
        "\u{a0}",
        "\u{200b}",
        "-",
        "+",
        "()",
        "\"\"",
        "<>",
        "sip:",
        "tel:",
        "@",
        "anonymous",
        "Anonymous",
        "ANONYMOUS",
        "+anonymous",
        "+Anonymous",
        " anonymous ",
        "Restricted",
        "+restricted",
        "unknown",
        "Unknown",
        "UNKNOWN",
        "<unknown>",
        "private",
        "Private Number",
        "withheld",
        "Number Withheld",
        "unavailable",
        "Unavailable",
        "blocked",
        "Blocked",
        "No Caller ID",
        "Caller ID blocked",
        "Out of Area",
        "N/A",
        "null",
        "anonymous@anonymous.invalid",
        "sip:anonymous@anonymous.invalid",
        "SIP:Anonymous@Anonymous.Invalid",
        "sips:anonymous@anonymous.invalid",
        "\"Anonymous\" <sip:anonymous@anonymous.invalid>;tag=1928301774",
        "sip:anonymous@203.0.113.7:5060",
        "sip:restricted@carrier.example",
        "sip:c8oqz84zk7z@anonymous.invalid",
        "sip:unavailable@unknown.invalid",
        "tel:anonymous",
        "sip:anonymous@example.com;user=phone",
        "+266696687",
        "266696687",
        "+7378742833",
        "7378742833",
        "+2562533",
        "+8656696",
        "+86282452253",
        "00266696687",
        "tel:+266696687",
        "sip:+7378742833@twilio.example",
        "+1 737 874 2833",
        "+1266696687",
        "sip:266696687@10.0.0.1",
        "+7748283",
        "+94844353",
        "0000000000",
        "+0000000",
        "000-0000",
        "asterisk",
        "sip:asterisk@10.0.0.1",
    ] {
        assert_eq!(id(text), None, "{text:?}");
    }
}

#[test]
fn as_it_is_written() {
    for text in [
        // No country code, or no number that has one.
        "0612345678",
        "06 1234 5678",
        "0",
        "00",
        "+0",
        "000000",
        "390612345678",
        "447700900000",
        "118",
        "1",
        "*31#",
        "+39",
        "+118",
        "+1234567",
        "+1234567890123456",
        "+0612345678",
        "0612",
        "000612345678",
        "+00390612345678",
        "0039061",
        "++390612345678",
        "+39+0612345678",
        "3+90612345678",
        "+39 06 1234 ext 5",
        "+1-800-FLOWERS",
        "+39 06 12345678a",
        "+٣٩٠٦١٢٣٤٥٦",
        // Other addresses.
        "alice",
        "Alice",
        "sip:alice@example.com",
        "sip:Alice@example.com",
        "alice@example.com",
        "client:alice",
        "client:Anonymous",
        "sip:0612345678@example.com",
        "sip:100@pbx",
        "SIP/100",
        "anonymous2",
        "unknowable",
        "privateer",
        "Mario Anonymous",
        "WhatsApp user",
        "é",
        "未知",
        "+7748484",
        "7748283",
        "94844353",
        "443336",
        "+26669668",
        "+2666966871",
        "1 000 000",
    ] {
        assert_eq!(id(text).as_deref(), Some(text), "{text:?}");
    }
    let long = "+".to_owned() + &"9".repeat(100_000);
    assert_eq!(id(&long), Some(long));
}

/// A number with its country code, written without anything between its digits.
fn number() -> impl Strategy<Value = String> {
    "[1-9][0-9]{7,14}".prop_filter("spells a word", |digits| caller_id(&format!("+{digits}")).is_some())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    /// Whatever stands between the digits, before and behind them, it is the same number.
    #[test]
    fn punctuation_says_nothing(
        digits in number(),
        signs in proptest::collection::vec("[ ./\u{a0}\u{2013}-]{0,3}", 16),
        before in prop_oneof![Just("+"), Just("00"), Just("tel:+"), Just("sip:+"), Just("(+"), Just(" 00 ")],
        behind in prop_oneof![Just(""), Just(" "), Just(";ext=1"), Just("@example.com"), Just("@10.0.0.1:5060;user=phone")],
    ) {
        let mut text = before.to_owned();
        for (digit, sign) in digits.chars().zip(&signs) {
            text.push(digit);
            text.push_str(sign);
        }
        text.push_str(behind);
        prop_assert_eq!(id(&text), Some(format!("+{digits}")), "{:?}", text);
    }

    /// What came out once comes out again: kept hashes and the numbers of an address book are looked up by it.
    #[test]
    fn it_is_its_own_id(text in prop_oneof![".{0,40}", "[-+0-9 ().;@:<>sipteln]{0,24}"]) {
        if let Some(first) = id(&text) {
            prop_assert_eq!(id(&first), Some(first.clone()));
            // A number in E.164 form, or the text itself.
            let is_number = first.strip_prefix('+').is_some_and(|d| (8..=15).contains(&d.len()) && d.bytes().all(|b| b.is_ascii_digit()));
            prop_assert!(is_number || first == text);
        }
    }

    /// In any case, behind any scheme and host.
    #[test]
    fn withheld_in_any_case(
        word in proptest::sample::select(vec!["anonymous", "restricted", "unknown", "private", "withheld", "unavailable", "blocked"]),
        upper in proptest::collection::vec(any::<bool>(), 12),
        before in prop_oneof![Just(""), Just("+"), Just("sip:"), Just("SIPS:"), Just("tel:+"), Just(" ")],
        behind in prop_oneof![Just(""), Just("@example.com"), Just("@anonymous.invalid;user=phone"), Just(" ")],
    ) {
        let word: String = word.chars().zip(upper).map(|(c, up)| if up { c.to_ascii_uppercase() } else { c }).collect();
        prop_assert_eq!(id(&format!("{before}{word}{behind}")), None);
    }
}
