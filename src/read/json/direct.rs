//! A record taken apart in one go over its bytes, where it is as nearly all of them are. What is unusual (names with
//! escapes, lone surrogates, deep nesting) or wrong is left to serde_json, which then says what it is.

use super::{Fields, Name, Record, has_surrogate_escape, is_id};

/// Arrays and objects inside of each other that are followed.
const DEPTH: usize = 32;

/// Appends the text of a record to `text`, as [`Fields::parse`] does; `None`, and `text` is as it was, where the
/// record is for serde_json.
pub(super) fn parse(fields: &Fields<'_>, line: &str, text: &mut String) -> Option<Record> {
    let before = text.len();
    let record = Cursor { line, at: 0 }.record(fields, text);
    if record.is_none() {
        text.truncate(before);
    }
    record
}

/// What [`Fields::offsets`] tells.
pub(super) fn offsets(fields: &Fields<'_>, line: &str, of: &[u32]) -> Option<Vec<u32>> {
    let mut cursor = Cursor { line, at: 0 };
    let mut offsets = None;
    cursor.white();
    cursor.expect(b'{')?;
    cursor.members(|cursor, name| {
        if Name::of(name, fields) == Name::Text {
            // the last one counts; those before may be shorter
            let start = cursor.at;
            offsets = cursor.offsets(of);
            if offsets.is_some() {
                return cursor.pass_string();
            }
            cursor.at = start;
        }
        cursor.raw_value().map(drop)
    })?;
    offsets
}

/// What [`super::unescape`] does.
pub(super) fn unescape(part: &str, text: &mut String) -> Option<()> {
    Cursor { line: part, at: 0 }.append_content(text)
}

/// A place in a line.
struct Cursor<'a> {
    line: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    fn record(&mut self, fields: &Fields<'_>, text: &mut String) -> Option<Record> {
        let start = text.len();
        let mut has_text = false;
        let mut id = None;
        let mut also = vec![None; fields.also.len()];
        self.white();
        self.expect(b'{')?;
        self.members(|cursor, name| {
            if Name::of(name, fields) == Name::Text {
                text.truncate(start);
                has_text = true;
                return cursor.append_string(text);
            }
            let value = cursor.raw_value()?;
            match Name::of(name, fields) {
                Name::Id => {
                    id = Some(value);
                    let same = (0..also.len()).filter(|&i| fields.also[i] == fields.id);
                    same.for_each(|i| also[i] = Some(value.to_owned()));
                }
                Name::Also(i) => also[i] = Some(value.to_owned()),
                Name::Text | Name::Other => {}
            }
            Some(())
        })?;
        self.white();
        let id = id.filter(|id| is_id(id));
        let mut read = id.into_iter().chain(also.iter().flatten().map(String::as_str));
        let is_plain = has_text && self.at == self.line.len() && !read.any(has_surrogate_escape);
        is_plain.then(|| Record { id: id.map(str::to_owned), also, has_lone_surrogates: false })
    }

    /// The members of an object, of which `{` has been passed; each value is for `member` to pass.
    fn members(&mut self, mut member: impl FnMut(&mut Self, &'a str) -> Option<()>) -> Option<()> {
        self.white();
        if self.next_is(b'}') {
            return Some(());
        }
        loop {
            self.expect(b'"')?;
            let name = self.plain_string()?;
            self.white();
            self.expect(b':')?;
            self.white();
            member(self, name)?;
            self.white();
            if self.next_is(b'}') {
                return Some(());
            }
            self.expect(b',')?;
            self.white();
        }
    }

    fn peek(&self) -> Option<u8> {
        self.line.as_bytes().get(self.at).copied()
    }

    fn next_is(&mut self, byte: u8) -> bool {
        let is = self.peek() == Some(byte);
        self.at += usize::from(is);
        is
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        self.next_is(byte).then_some(())
    }

    fn white(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\n' | b'\t' | b'\r')) {
            self.at += 1;
        }
    }

    /// The rest of a string without escapes, of which the first quote has been passed.
    fn plain_string(&mut self) -> Option<&'a str> {
        let start = self.at;
        self.at += special(&self.line.as_bytes()[start..]);
        let string = &self.line[start..self.at];
        self.expect(b'"')?;
        Some(string)
    }

    /// Appends a string.
    fn append_string(&mut self, text: &mut String) -> Option<()> {
        self.expect(b'"')?;
        self.append_content(text)?;
        self.expect(b'"')
    }

    /// Appends what is before the next quote, or the end.
    fn append_content(&mut self, text: &mut String) -> Option<()> {
        text.reserve(self.line.len() - self.at);
        loop {
            self.at += append_plain(&self.line[self.at..], text);
            if matches!(self.peek(), None | Some(b'"')) {
                return Some(());
            }
            self.expect(b'\\')?;
            text.push(self.escaped()?);
        }
    }

    /// Where in the line these bytes of a string are, which are in order and where characters start.
    fn offsets(&mut self, of: &[u32]) -> Option<Vec<u32>> {
        self.expect(b'"')?;
        let mut passed = 0;
        let mut offsets = Vec::new();
        for wanted in of.iter().map(|byte| *byte as usize) {
            while passed < wanted {
                let rest = &self.line.as_bytes()[self.at..];
                let plain = special(&rest[..rest.len().min(wanted - passed)]);
                (self.at, passed) = (self.at + plain, passed + plain);
                if passed < wanted {
                    self.expect(b'\\')?;
                    passed += self.escaped()?.len_utf8();
                }
            }
            offsets.push(self.at as u32);
        }
        Some(offsets)
    }

    /// What an escape stands for, of which the backslash has been passed.
    fn escaped(&mut self) -> Option<char> {
        let of = self.peek()?;
        self.at += 1;
        Some(match of {
            b'n' => '\n',
            b'"' | b'\\' | b'/' => char::from(of),
            b't' => '\t',
            b'r' => '\r',
            b'b' => '\u{8}',
            b'f' => '\u{C}',
            b'u' => match self.hex()? {
                high @ 0xD800..0xDC00 => {
                    self.expect(b'\\')?;
                    self.expect(b'u')?;
                    let low = self.hex().filter(|low| (0xDC00..0xE000).contains(low))?;
                    char::from_u32(0x1_0000 + ((high - 0xD800) << 10 | (low - 0xDC00)))?
                }
                // of a lone low surrogate there is none
                other => char::from_u32(other)?,
            },
            _ => return None,
        })
    }

    fn hex(&mut self) -> Option<u32> {
        let digits = self.line.as_bytes().get(self.at..self.at + 4)?;
        self.at += 4;
        digits.iter().try_fold(0, |sum, &digit| Some(sum << 4 | char::from(digit).to_digit(16)?))
    }

    /// Passes any value; returns it as it stands.
    fn raw_value(&mut self) -> Option<&'a str> {
        let start = self.at;
        self.pass(0)?;
        Some(&self.line[start..self.at])
    }

    fn pass(&mut self, depth: usize) -> Option<()> {
        if depth == DEPTH {
            return None;
        }
        let first = self.peek()?;
        match first {
            b'"' => {
                self.at += 1;
                self.pass_string()
            }
            b'-' | b'0'..=b'9' => self.pass_number(),
            b'{' => {
                self.at += 1;
                self.members(|cursor, _| cursor.pass(depth + 1))
            }
            b'[' => {
                self.at += 1;
                self.pass_items(depth)
            }
            _ => {
                let words = ["true", "false", "null"];
                let word = words.into_iter().find(|word| self.line[self.at..].starts_with(word))?;
                self.at += word.len();
                Some(())
            }
        }
    }

    fn pass_items(&mut self, depth: usize) -> Option<()> {
        self.white();
        if self.next_is(b']') {
            return Some(());
        }
        loop {
            self.white();
            self.pass(depth + 1)?;
            self.white();
            if self.next_is(b']') {
                return Some(());
            }
            self.expect(b',')?;
        }
    }

    fn pass_string(&mut self) -> Option<()> {
        loop {
            self.at += special(&self.line.as_bytes()[self.at..]);
            if self.next_is(b'"') {
                return Some(());
            }
            self.expect(b'\\')?;
            let of = self.peek()?;
            self.at += 1;
            match of {
                b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => {}
                b'u' => drop(self.hex()?),
                _ => return None,
            }
        }
    }

    fn pass_number(&mut self) -> Option<()> {
        self.next_is(b'-');
        if !self.next_is(b'0') {
            self.digits()?;
        }
        if self.next_is(b'.') {
            self.digits()?;
        }
        if self.next_is(b'e') || self.next_is(b'E') {
            let _sign = self.next_is(b'+') || self.next_is(b'-');
            self.digits()?;
        }
        Some(())
    }

    /// One digit or more.
    fn digits(&mut self) -> Option<()> {
        let rest = &self.line.as_bytes()[self.at..];
        let count = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.at += count;
        (count > 0).then_some(())
    }
}

/// Appends what stands before the first quote, backslash or control; returns how many bytes that are.
#[inline]
fn append_plain(of: &str, text: &mut String) -> usize {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx512bw") {
        // SAFETY: the CPU has AVX-512BW (and with it F), as just checked.
        return unsafe { append_plain_avx512(of, text) };
    }
    let plain = special(of.as_bytes());
    text.push_str(&of[..plain]);
    plain
}

/// The same: what is looked at is copied at once.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw")]
fn append_plain_avx512(of: &str, text: &mut String) -> usize {
    use std::arch::x86_64::*;
    let specials = |v| {
        _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8(b'"' as i8))
            | _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8(b'\\' as i8))
            | _mm512_cmplt_epu8_mask(v, _mm512_set1_epi8(0x20))
    };
    text.reserve(of.len());
    let before = text.len();
    let mut plain = of.len();
    // SAFETY: there is room for all of `of` behind `before`, and each piece is read from `of` and written to the same place
    // there, no byte behind `of`. Up to `plain` all is written; there `of` ends, or has a character of one byte, so that what
    // is appended is UTF-8.
    unsafe {
        let all = text.as_mut_vec();
        let to = all.as_mut_ptr().add(before).cast::<i8>();
        for at in (0..of.len()).step_by(64) {
            let piece = u64::MAX >> 64_usize.saturating_sub(of.len() - at);
            let v = _mm512_maskz_loadu_epi8(piece, of.as_ptr().add(at).cast());
            let found = specials(v) & piece;
            _mm512_mask_storeu_epi8(to.add(at), piece, v);
            if found != 0 {
                plain = at + found.trailing_zeros() as usize;
                break;
            }
        }
        all.set_len(before + plain);
    }
    plain
}

/// Bytes before the first quote, backslash or control.
#[inline]
fn special(bytes: &[u8]) -> usize {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") {
        // SAFETY: the CPU has AVX2, as just checked.
        return unsafe { special_avx2(bytes) };
    }
    special_portable(bytes)
}

fn is_special(byte: u8) -> bool {
    byte == b'"' || byte == b'\\' || byte < 0x20
}

/// The twin of the kernel; sixteen bytes at a time, which compilers know how to put into a vector.
fn special_portable(bytes: &[u8]) -> usize {
    let (pieces, _) = bytes.as_chunks::<16>();
    let clean = |piece: &&[u8; 16]| !piece.iter().fold(false, |found, &byte| found | is_special(byte));
    let passed = 16 * pieces.iter().take_while(clean).count();
    passed + bytes[passed..].iter().take_while(|&&byte| !is_special(byte)).count()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn special_avx2(bytes: &[u8]) -> usize {
    use std::arch::x86_64::*;
    let (pieces, rest) = bytes.as_chunks::<32>();
    for (i, piece) in pieces.iter().enumerate() {
        // SAFETY: `piece` is 32 readable bytes; unaligned loads are allowed.
        let v = unsafe { _mm256_loadu_si256(piece.as_ptr().cast()) };
        let quote = _mm256_cmpeq_epi8(v, _mm256_set1_epi8(b'"' as i8));
        let backslash = _mm256_cmpeq_epi8(v, _mm256_set1_epi8(b'\\' as i8));
        // unsigned x <= 31 is min(x, 31) == x
        let control = _mm256_cmpeq_epi8(_mm256_min_epu8(v, _mm256_set1_epi8(31)), v);
        let found = _mm256_movemask_epi8(_mm256_or_si256(_mm256_or_si256(quote, backslash), control));
        if found != 0 {
            return 32 * i + found.trailing_zeros() as usize;
        }
    }
    bytes.len() - rest.len() + rest.iter().take_while(|&&byte| !is_special(byte)).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Pieces of records, right and wrong.
    const PIECES: &[&str] = &[
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        " ",
        "\t",
        "\"",
        "\"text\"",
        "\"id\"",
        "\"x\"",
        "\"text\":",
        "\"id\":",
        "\"x\":",
        "\"text\":\"a\\nb\"",
        "\"id\":\"7\"",
        "\"x\":[1,{\"y\":null}]",
        "\\",
        "\\u00e9",
        "\\ud83d\\ude00",
        "\\ud800",
        "\\n",
        "\\x",
        "0",
        "-1",
        "01",
        "1.5e+3",
        "1.",
        "1e",
        "-",
        "true",
        "false",
        "nul",
        "null",
        "é",
        "語",
        "\u{7f}",
        "a longer stretch of text without anything in it, of more than thirty-two bytes",
    ];

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4000))]

        #[test]
        fn says_what_serde_json_says_or_nothing(
            pieces in prop::collection::vec(prop::sample::select(PIECES), 0..14),
            whole in any::<bool>(),
        ) {
            let inside = pieces.concat();
            let line = if whole { format!("{{{inside}}}") } else { inside };
            let also = ["x".to_owned(), "id".to_owned()];
            for also in [&also[..], &[]] {
                let fields = Fields { text: "text", id: "id", also };
                let (mut direct, mut other) = ("before".to_owned(), "before".to_owned());
                match parse(&fields, &line, &mut direct) {
                    Some(record) => {
                        prop_assert_eq!(Ok(record), fields.attempt(&line, &mut other));
                        prop_assert_eq!(direct, other);
                    }
                    None => prop_assert_eq!(direct, "before"),
                }
            }
        }

        #[test]
        fn members_in_any_order_are_taken_directly(
            members in prop::collection::vec(prop::sample::select(&[
                r#""x":[1,{"y":[null,true,{}]},[]]"#, r#""id" : -1.50e-7"#, r#" "id":"a\"b""#, r#""y":"\ud800""#,
                r#""text":"l\u2019\u00E9t\u00e9 \ud83d\ude00\n\t\r\b\f\/\\\"""#, "\"text\" :\"日本\"",
            ][..]), 0..6),
        ) {
            let line = format!(" {{{},\"text\":\"the last one\"}}\r", members.join(" , "));
            let line = line.replace("{,", "{");
            let fields = Fields { text: "text", id: "id", also: &[] };
            let (mut direct, mut other) = (String::new(), String::new());
            let record = parse(&fields, &line, &mut direct);
            prop_assert_eq!(record.ok_or(()), fields.attempt(&line, &mut other).map_err(drop));
            prop_assert_eq!(direct, "the last one");
        }

        #[test]
        fn kernels_equal_their_twin(text in "[a-zé\u{7f}]{0,70}[\"\\\\\u{0}\u{1f} ]?[a-z]{0,40}") {
            let plain = text.bytes().position(is_special).unwrap_or(text.len());
            prop_assert_eq!(special(text.as_bytes()), plain);
            prop_assert_eq!(special_portable(text.as_bytes()), plain);
            let mut appended = "é".to_owned();
            prop_assert_eq!(append_plain(&text, &mut appended), plain);
            prop_assert_eq!(appended, format!("é{}", &text[..plain]));
        }
    }
}
